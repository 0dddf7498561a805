"""Stars, the weighted average and the top 10."""
