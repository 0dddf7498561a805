"""The engine on files: an index of one machine."""
