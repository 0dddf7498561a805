"""The signed link that turns a topic off without a sign-in; it does no more, so it never ends."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from edu.accounts.models import User
from edu.errors import NotFound
from edu.extensions import absolute_url, settings
from edu.notifications.models import Topic


def unsubscribe_url(user: User, channel: str, topic: Topic | None) -> str:
    """The address at which the person turns the topic, or all of them, off for the channel."""
    token = _serializer().dumps([user.id, channel, topic.value if topic else ""])
    return absolute_url("notifications.unsubscribe", token=token)


def read_link(token: str) -> tuple[int, str, list[Topic]]:
    """The id of the person, the channel and the topics of a link. Raises NotFound."""
    try:
        user_id, channel, topic = _serializer().loads(token)
        return int(user_id), str(channel), [Topic(topic)] if topic else list(Topic)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="unsubscribe")
