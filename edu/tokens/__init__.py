"""What programs sign in with: refresh tokens that rotate, and personal tokens."""
