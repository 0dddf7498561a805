"""Prints of texts, by which other files with the same text are found."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from edu.extensions import Model


class TextPrint(Model):
    """The print of a material's text: `size` shingles, and a signature made of their minima.

    `file_id` is the file whose text it was: another one makes the print stale. `compared` says that
    others like it have been looked for since it was made. A text that is too short to be compared
    has size 0 and no bands.
    """

    __tablename__ = "text_prints"

    material_id: Mapped[int] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), primary_key=True
    )
    file_id: Mapped[int]
    size: Mapped[int]
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    compared: Mapped[bool] = mapped_column(default=False)


class TextBand(Model):
    """A part of a signature as one number: who shares one is worth a comparison."""

    __tablename__ = "text_bands"
    __table_args__ = (Index("ix_text_bands_value", "band", "value"),)

    material_id: Mapped[int] = mapped_column(
        ForeignKey("text_prints.material_id", ondelete="CASCADE"), primary_key=True
    )
    band: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class SimilarText(Model):
    """Two materials of almost the same text, a row for each way round; it goes with either print.

    percent: how much of the shorter text is in the longer one, word for word.
    """

    __tablename__ = "similar_texts"

    material_id: Mapped[int] = mapped_column(
        ForeignKey("text_prints.material_id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[int] = mapped_column(
        ForeignKey("text_prints.material_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    percent: Mapped[int] = mapped_column(SmallInteger)
