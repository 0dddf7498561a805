"""Materials that people put together, in order."""
