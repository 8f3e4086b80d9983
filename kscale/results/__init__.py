"""What a run leaves behind: the record, its file, its name."""
