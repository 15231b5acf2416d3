"""Import of JSONL files written by `export`."""
