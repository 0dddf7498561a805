"""Other files with the same text."""
