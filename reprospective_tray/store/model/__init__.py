"""The values and tables of sessions, days and time ranges. No database is opened here."""
