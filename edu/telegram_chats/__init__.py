"""Chats with the Telegram bot: what it remembers of them between two messages and two starts."""
