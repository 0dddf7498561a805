"""Waiting after wrong passwords, without locking out the person whose account it is."""
