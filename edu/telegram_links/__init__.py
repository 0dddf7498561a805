"""Chats with the bot that act for a person of the site."""
