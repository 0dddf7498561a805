"""Letting a program act for a person who has agreed to it: OAuth 2 (RFC 6749, 7009, 7636)."""
