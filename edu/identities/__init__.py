"""Signing in through other sites: Google, GitHub, any OpenID Connect provider."""
