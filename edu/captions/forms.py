"""Files of subtitles and transcripts: the form for one, and those that come beside a video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from wtforms import SelectField

from edu.accounts.models import User
from edu.captions import service
from edu.errors import EduError, InvalidInput, Unavailable
from edu.extensions import settings
from edu.materials.forms import FileForm
from edu.materials.models import Material
from edu.media.captions import SUFFIXES
from edu.media.errors import FileRefused, SandboxError
from edu.media.messages import caption_message
from edu.media.transcripts import Transcript, read_transcript
from edu.storage.incoming import from_form
from jobs.sandbox import shared_sandbox


def _languages() -> list[tuple[str, str]]:
    by_text = ("", _("Told by the text"))
    return [by_text, *((code, service.language_name(code)) for code in service.LANGUAGES)]


class CaptionsForm(FileForm):
    """Subtitles or a transcript in one language."""

    language = SelectField(_l("Language"), choices=_languages, default="")


def read_part(part: FileStorage | None) -> Transcript:
    """What a part of a form says. Raises InvalidInput with the field `file`, or Unavailable."""
    return read_file(from_form(part).path)


def read_file(path: Path) -> Transcript:
    """What a file says. Raises InvalidInput with the field `file`, or Unavailable."""
    try:
        return read_transcript(shared_sandbox(), path, settings().data_dir / "work")
    except FileRefused as refused:
        message = caption_message(refused.code, refused.details)
        raise InvalidInput(message, code=refused.code, field="file") from refused
    except SandboxError as error:
        raise Unavailable from error


def no_times() -> str:
    """What a person is to know of a transcript without any."""
    return str(_("The transcript has no times: search opens the video at its beginning."))


@dataclass(slots=True)
class SentAlong:
    """A file that comes beside a video. Whatever is wrong with it, the video is taken."""

    transcript: Transcript | None = None
    complaint: str = ""

    @classmethod
    def read(cls, part: FileStorage | None) -> Self:
        """Read it before anything else is begun, for it takes a moment."""
        if part is None or not part.filename:
            return cls()
        try:
            return cls(read_part(part))
        except EduError as error:
            return cls(complaint=str(error.message))

    @classmethod
    def beside(cls, video: Path) -> list[Self]:
        """Those that lie beside a video under its name: `lecture.vtt`, `lecture.en.srt`."""
        return [cls._read_file(path) for path in _list_beside(video)]

    @classmethod
    def _read_file(cls, path: Path) -> Self:
        try:
            return cls(read_file(path))
        except EduError as error:
            return cls(complaint=f"{path.name}: {error.message}")

    def keep(self, user: User, material: Material) -> None:
        """Give it to the new material; what is in the way of that becomes the complaint."""
        if self.transcript is None:
            return
        cues = self.transcript.cues
        language = service.detect(cues) or material.language or settings().default_locale
        try:
            service.set_captions(user, material, cues, language)
        except InvalidInput as error:
            self.complaint = str(error.message)

    def message(self) -> tuple[str, str]:
        """A sentence for the person and its kind, as of a flash; empty where all is well."""
        if self.complaint:
            told = _("The file is taken, its subtitles are not: %(why)s", why=self.complaint)
            return told, "error"
        return (no_times(), "info") if self.transcript and not self.transcript.timed else ("", "")


def _list_beside(video: Path) -> list[Path]:
    stems = [video.stem, *(f"{video.stem}.{language}" for language in service.LANGUAGES)]
    named = (video.with_name(stem + suffix) for stem in stems for suffix in SUFFIXES)
    return [path for path in named if path.is_file()]
