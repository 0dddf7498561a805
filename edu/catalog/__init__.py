"""The subject tree, aliases and material types."""
