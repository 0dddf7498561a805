"""Uploads that survive interruptions: the tus protocol."""
