"""Background work: the queue and one module per feature."""
