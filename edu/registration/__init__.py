"""What goes through a letter: a new account, a forgotten password, a new address."""
