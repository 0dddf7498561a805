"""A site with a bot."""

from tests.with_bot import alice, any_app, app

__all__ = ["alice", "any_app", "app"]
