"""What a person keeps: history and own uploads."""
