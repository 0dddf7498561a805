"""Search inside the files: query, index, places, snippets."""
