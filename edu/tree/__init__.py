"""Changing the subject tree."""
