"""What a query means, before any engine sees it."""
