"""The figures of a range of days, as values: report, categories, comparison, timeline, search."""
