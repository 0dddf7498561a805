"""What is said in a video as its passages: a line at the second at which it begins.

A passage is one line and not a sentence or a minute, for a hit opens where its passage begins.
Search reads on over the border of a line for phrases, and for what it shows (edu/search/speech.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import delete, insert, select

from edu.captions.models import Caption
from edu.extensions import db
from edu.likeness.service import forget_print
from edu.materials.models import Material, Passage, StoredFile
from edu.media.captions import Cue, read_vtt
from edu.media.process import PassageText
from edu.media.video import Moment, merge_moments


def add_speech(file: StoredFile, passages: list[PassageText]) -> list[PassageText]:
    """Return the passages of a file with all that its captions say; those of a video are chapters.

    A line that begins behind the end of the video leads nowhere and is left out.
    """
    lines = list(_list_lines(file))
    if not lines:
        return passages
    chapters = (Moment(p.number, p.heading, p.heading) for p in passages if p.heading)
    moments = merge_moments([*chapters, *lines])
    return [PassageText(moment.second, moment.heading, moment.text) for moment in moments]


def _list_lines(file: StoredFile) -> Iterator[Moment]:
    query = select(Caption.text).where(Caption.file_id == file.id).order_by(Caption.language)
    for text in db.session.scalars(query):
        for cue in read_vtt(text):
            second = cue.begin // 1000
            if file.duration is None or second <= file.duration:
                yield Moment(second, "", one_line(cue))


def one_line(cue: Cue) -> str:
    """The text of a line as it is read, not as it fits below a picture."""
    return " ".join(cue.text.split())


def save_passages(material: Material, passages: list[PassageText]) -> None:
    """Let these take the place of all passages of the material, which is then compared anew."""
    db.session.execute(delete(Passage).where(Passage.material_id == material.id))
    forget_print(material.id)
    rows = [
        {"material_id": material.id, "number": p.number, "heading": p.heading, "text": p.text}
        for p in passages
    ]
    if rows:
        db.session.execute(insert(Passage), rows)
    db.session.expire(material, ["passages"])


def list_chapters(material: Material) -> list[PassageText]:
    """The chapters of a processed video: what has a heading among its passages."""
    query = select(Passage.number, Passage.heading).where(
        Passage.material_id == material.id, Passage.heading != ""
    )
    rows = db.session.execute(query.order_by(Passage.number))
    return [PassageText(row.number, row.heading, row.heading) for row in rows]
