"""What happens to a file: it is inspected, read and pictured, away from the caller's process.

Nothing here knows of Flask requests or of the database. A job calls `process.process_file`;
the web process, right after an upload, calls only the cheap `inspect.sniff`.
"""
