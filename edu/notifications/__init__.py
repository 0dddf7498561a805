"""Telling people what happened: on the site and through channels, each exactly once."""
