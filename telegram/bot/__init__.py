"""The library in Telegram: search, and the way to the right page of the site."""
