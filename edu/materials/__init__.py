"""Materials: upload, page, files, tags, views."""
