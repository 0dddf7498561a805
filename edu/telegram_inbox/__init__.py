"""What Telegram has handed over, until it is dealt with."""
