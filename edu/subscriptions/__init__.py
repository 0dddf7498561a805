"""What a person follows: subjects, authors, saved searches; the feed of it."""
