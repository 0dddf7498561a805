"""Conversations with the assistant: questions, their answers, and answers that are kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.extensions import Model, UtcDateTime, utcnow


class QuestionStatus(StrEnum):
    """Where a question is. The last three are its ends."""

    WAITING = "waiting"
    ANSWERING = "answering"
    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Conversation(Model):
    """Questions of one person that follow each other. `named`: the title is the person's own."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_user_asked", "user_id", "asked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(120))
    named: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class Question(Model):
    """What a person asked, and the answer as it grows: text with [ID]s, and what they stand for.

    `claim` names the worker that answers and `heartbeat_at` shows it alive, as for materials.
    `citations` holds objects {material_id, fit, places: [{kind, number, snippet}]}, in the order of
    the text; `meaning` what was understood, as Meaning.as_json gives it. Whatever stands in
    `answer` has been verified, also while it grows; `removed` counts what was not let through.
    `engine` is what has written the answer; `error` the code of what kept the model from it.
    `opinion` is the reader's: 1, -1, or 0 for none.
    """

    __tablename__ = "questions"
    __table_args__ = (
        Index("ix_questions_status", "status"),
        Index("ix_questions_conversation", "conversation_id", "id"),
        Index("ix_questions_started", "started_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(12), default=QuestionStatus.WAITING.value)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(120), default="")
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    meaning: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    engine: Mapped[str] = mapped_column(String(16), default="")
    prompt: Mapped[str] = mapped_column(String(16), default="")
    removed: Mapped[int] = mapped_column(default=0)
    cached: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str] = mapped_column(String(32), default="")
    opinion: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the asker's last look

    user: Mapped[User] = relationship()
    conversation: Mapped[Conversation] = relationship()


class CachedAnswer(Model):
    """The answer to a frequent question, for whoever asks the same of the same library.

    `key` is a hash of engine, model, prompt, language, normalised question, what the person may
    see, and the index's generation.
    """

    __tablename__ = "cached_answers"
    __table_args__ = (Index("ix_cached_answers_created", "created_at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[str] = mapped_column(Text)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    meaning: Mapped[dict[str, Any]] = mapped_column(JSON)
    engine: Mapped[str] = mapped_column(String(16))
    prompt: Mapped[str] = mapped_column(String(16))
    removed: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class SavedAnswer(Model):
    """Recommendations that a person keeps in the profile; they outlive their conversation."""

    __tablename__ = "saved_answers"
    __table_args__ = (Index("uq_saved_answers_question", "user_id", "question_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    question_id: Mapped[int | None] = mapped_column(
        ForeignKey("questions.id", ondelete="SET NULL"), index=True
    )
    title: Mapped[str] = mapped_column(String(200))
    answer: Mapped[str] = mapped_column(Text)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
