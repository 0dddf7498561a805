"""What a person keeps: own uploads."""
