"""A sentence for each refusal: what is wrong with the file, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext

Details = Mapping[str, str | int]
# The library has no types; this says what is used of it.
_: Callable[..., str] = gettext


def refusal_message(code: str, details: Details | None = None) -> str:
    """Return the sentence for `FileRefused.code` and `.details`, in the reader's language.

    "crashed" is for SandboxError: the machine's fault, not the file's; "interrupted" for workers
    that went away in the middle, each time. An unknown code gets the
    sentence for a broken file, so an old row never lacks a text.
    """
    return _SENTENCES.get(code, _broken)(details or {})


def _empty(details: Details) -> str:
    return _("The file is empty. Check that it opens on your computer and send it again.")


def _too_large(details: Details) -> str:
    return _(
        "The file is larger than %(limit)s MB. Make it smaller or split it into parts.",
        limit=details.get("limit_mb", 500),
    )


def _unknown_type(details: Details) -> str:
    found = details.get("found", "")
    sentences: dict[str | int, Callable[[], str]] = {
        "doc": lambda: _(
            "This is a document of the old DOC format. Save it as DOCX or PDF and send that."
        ),
        "macros": lambda: _(
            "The document contains macros. Save it as DOCX without macros or as PDF and send that."
        ),
        "office": lambda: _(
            "Presentations and spreadsheets are not accepted. Save the file as PDF and send that."
        ),
        "movie": lambda: _(
            "The video is not in the MP4 format. Convert it to MP4 (H.264) and send that."
        ),
        "audio": lambda: _(
            "There is sound but no picture in this file. Send a video with a picture."
        ),
    }
    if found in sentences:
        return sentences[found]()
    return _("This is not a PDF, DOCX or MP4 file. Save it in one of these formats and send that.")


def _wrong_type(details: Details) -> str:
    return _(
        "The name ends in .%(claimed)s, but inside is a %(found)s file."
        " Rename it to match its content and send it again.",
        claimed=details.get("claimed", ""),
        found=details.get("found", ""),
    )


def _encrypted(details: Details) -> str:
    return _("The file is protected by a password. Remove the password and send it again.")


def _broken(details: Details) -> str:
    return _(
        "The file is damaged and cannot be read."
        " Open it on your computer, save it anew and send that copy."
    )


def _bomb(details: Details) -> str:
    return _(
        "The document unpacks to an unreasonable size."
        " Save it anew in your text editor, or as PDF, and send that copy."
    )


def _remote(details: Details) -> str:
    return _(
        "The document loads a part of itself, such as a template, from another computer."
        " Save it as PDF, or without that part, and send that copy."
    )


def _limits(details: Details) -> str:
    return _(
        "The file takes too much time or memory to read."
        " Split it into parts or save it anew as a simpler PDF and send that."
    )


def _crashed(details: Details) -> str:
    return _(
        "Something failed on our side while the file was read."
        " Try again in a minute; if it fails again, write to the site's staff."
    )


def _interrupted(details: Details) -> str:
    return _(
        "Reading the file was interrupted several times."
        " Try again in a minute; if it fails again, split the file into parts."
    )


def _not_text(details: Details) -> str:
    return _(
        "This is not a text file. Save the subtitles as VTT or SRT, or the transcript as plain text"
        " (UTF-8), and send that."
    )


def _no_text(details: Details) -> str:
    return _("Nothing is said in this file. Check that it opens as a text and send it again.")


def _too_many(details: Details) -> str:
    return _(
        "The file has more than %(most)s lines with times. Join lines and send it again.",
        most=details.get("most", 20_000),
    )


def _too_late(details: Details) -> str:
    return _(
        "The last line begins at %(last)s, but the video ends at %(end)s. Is this the file of"
        " another video? Check it and send the right one.",
        last=_clock(details.get("last", 0)),
        end=_clock(details.get("duration", 0)),
    )


def _clock(seconds: str | int) -> str:
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


_SENTENCES: dict[str, Callable[[Details], str]] = {
    "empty": _empty,
    "too_large": _too_large,
    "unknown_type": _unknown_type,
    "wrong_type": _wrong_type,
    "encrypted": _encrypted,
    "broken": _broken,
    "bomb": _bomb,
    "remote": _remote,
    "limits": _limits,
    "crashed": _crashed,
    "interrupted": _interrupted,
    "not_text": _not_text,
    "no_text": _no_text,
    "too_many": _too_many,
    "too_late": _too_late,
}


def caption_message(code: str, details: Details | None = None) -> str:
    """Return the sentence for subtitles or a transcript that cannot be taken."""
    if code == "limits":
        return _("The file takes too much time to read. Save it as VTT or SRT and send that.")
    if code == "broken":
        return _("The file cannot be read. Save it as VTT or SRT and send that.")
    return refusal_message(code, details)
