"""Notifications on their way to chats."""
