"""A person's own data: taking it along, and leaving."""
