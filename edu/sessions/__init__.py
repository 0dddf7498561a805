"""Where a person is signed in: browsers and programs."""
