"""Subtitles and transcripts of videos: who may change them, and what search learns of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from edu.accounts.models import User
from edu.accounts.service import shown_name
from edu.captions.models import Caption
from edu.errors import InvalidInput, NotFound
from edu.extensions import db, find_row, utcnow
from edu.likeness.service import forget_print
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.media.captions import Cue, fit, read_vtt, write_vtt
from edu.media.errors import FileRefused
from edu.media.language import detect_language
from edu.media.messages import caption_message
from edu.media.service import find_language
from edu.media.spoken import add_speech, list_chapters, save_passages
from edu.versions.service import can_edit, require_editable

# Those that people study in here come first; the codes are of ISO 639-1.
LANGUAGES = ("ru", "en", "be", "de", "es", "fr", "it", "kk", "pl", "tr", "uk", "zh")
MOST_LANGUAGES = 4  # of one video: each line is a passage of its own
READABLE = 200  # characters of a line, on the mean, that can be read below a picture


@dataclass(frozen=True, slots=True)
class CaptionFacts:
    """What there is in one language, without the text. `lines`: how many, with times."""

    language: str
    lines: int
    length: int  # characters
    author: str
    created_at: datetime

    @property
    def name(self) -> str:
        """The language in the reader's."""
        return language_name(self.language)

    @property
    def fits_picture(self) -> bool:
        """Whether to show it over the picture: subtitles are, a text in paragraphs is not."""
        return self.length <= READABLE * self.lines


def language_name(language: str) -> str:
    """The name of a language in the reader's: `English`."""
    locale = get_locale()
    name = locale.languages.get(language, language) if locale else language
    return str(name[:1].upper() + name[1:])


def may_caption(user: User, material_id: int) -> bool:
    """Whether there is such a video and the person can give it subtitles."""
    material = find_row(Material, material_id)
    return material is not None and material.file.kind == "video" and can_edit(user, material)


def list_captions(file: StoredFile) -> list[CaptionFacts]:
    """What a video has, in the order of the languages, without reading it."""
    if file.kind != "video":
        return []
    length = func.length(Caption.text)
    # In our own WebVTT an arrow stands in lines of times only.
    lines = (length - func.length(func.replace(Caption.text, " --> ", ""))) / 5
    query = select(Caption.language, lines.label("lines"), length.label("length"), User)
    query = query.join(User, User.id == Caption.author_id).add_columns(Caption.created_at)
    rows = db.session.execute(query.where(Caption.file_id == file.id)).all()
    facts = [
        CaptionFacts(row.language, int(row.lines), row.length, shown_name(row.User), row.created_at)
        for row in rows
    ]
    return sorted(facts, key=_order)


def _order(facts: CaptionFacts) -> int:
    return LANGUAGES.index(facts.language) if facts.language in LANGUAGES else len(LANGUAGES)


def find_caption(material: Material, language: str) -> Caption:
    """Raises NotFound."""
    caption = db.session.get(Caption, (material.file_id, language))
    if caption is None:
        raise NotFound(_("There are no subtitles in this language."))
    return caption


def list_cues(caption: Caption) -> list[Cue]:
    """The lines with their times."""
    return read_vtt(caption.text)


def detect(cues: list[Cue]) -> str:
    """The language of what is said, "" where it cannot be told."""
    text = "\n".join(cue.text for cue in cues[:1000])
    return detect_language([text], text[:200])


def set_captions(user: User, material: Material, cues: list[Cue], language: str = "") -> Caption:
    """Keep what is said in a language, in place of what was; "" to have the language found.

    Raises Forbidden, or InvalidInput with the field `file` or `language`.
    """
    _begin_change(material)
    require_editable(user, material)
    if material.file.kind != "video":
        raise InvalidInput(_("Only videos have subtitles or a transcript."), field="file")
    try:
        cues = fit(cues, material.file.duration)
    except FileRefused as refused:
        message = caption_message(refused.code, refused.details)
        raise InvalidInput(message, code=refused.code, field="file") from refused
    caption = _take(material, _choose_language(cues, language))
    caption.text, caption.author, caption.created_at = write_vtt(cues), user, utcnow()
    db.session.add(caption)
    db.session.flush()
    _tell_search(material)
    return caption


def _begin_change(material: Material) -> None:
    """Writes first, as every change of a material does: whoever processes it meanwhile waits."""
    material.touch()
    db.session.flush()
    db.session.refresh(material)


def _choose_language(cues: list[Cue], language: str) -> str:
    language = language or detect(cues)
    if not language:
        message = _("The language cannot be told by the text. Choose it.")
        raise InvalidInput(message, field="language")
    if language not in LANGUAGES:
        raise InvalidInput(_("Choose the language of the subtitles."), field="language")
    return language


def _take(material: Material, language: str) -> Caption:
    known = db.session.get(Caption, (material.file_id, language))
    if known is not None:
        return known
    count = select(func.count()).where(Caption.file_id == material.file_id)
    if (db.session.scalar(count) or 0) >= MOST_LANGUAGES:
        message = _("There are subtitles in %(most)d languages already. Remove one first.")
        raise InvalidInput(message % {"most": MOST_LANGUAGES}, field="language")
    return Caption(file=material.file, language=language)


def remove_captions(user: User, material: Material, language: str) -> None:
    """Raises Forbidden or NotFound."""
    _begin_change(material)
    require_editable(user, material)
    db.session.delete(find_caption(material, language))
    db.session.flush()
    _tell_search(material)


def _tell_search(material: Material) -> None:
    """What is processed gets other passages now, what is not gets them with its processing."""
    if material.status in (MaterialStatus.PROCESSING, MaterialStatus.FAILED):
        return
    was_found = material.language in ("", find_language(material))
    save_passages(material, add_speech(material.file, list_chapters(material)))
    forget_print(material.id)
    if was_found:  # what a person has said of it stands
        material.language = find_language(material)
    db.session.flush()
