"""Where a person is signed in: browsers, programs, and personal tokens of the API."""
