"""The second factor of sign-in: codes from an app (TOTP, RFC 6238) and spare codes."""
