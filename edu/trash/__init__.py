"""Materials that were deleted, and the bytes that go with them."""
