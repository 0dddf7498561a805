"""Answers of the assistant that are followed in a chat with the bot while they grow."""
