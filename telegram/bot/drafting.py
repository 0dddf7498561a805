"""The first guess at what a file is."""

from __future__ import annotations

from bot.given import Draft, Given
from bot.guessing import (
    find_named_categories,
    guess_description,
    guess_tags,
    guess_title,
    guess_type,
    list_last_categories,
    words_of,
)
from edu.accounts.models import User
from edu.catalog.models import Category
from edu.extensions import utcnow
from edu.media.hints import read_hints
from edu.uploads.models import Upload


def draft_of(user: User, given: Given, upload: Upload) -> Draft:
    """A file in hand with all that its name, its caption and earlier uploads tell."""
    caption, name = given.caption, given.full_name
    named = find_named_categories(caption, words_of(name))
    last = list_last_categories(user)
    told = read_hints(f"{caption}\n{name}", utcnow().date())
    return Draft(
        upload=upload.id,
        unique_id=given.unique_id,
        file_id=given.file_id,
        name=upload.name,
        size=upload.size,
        title=guess_title(caption, name),
        # What somebody else has written below a file is theirs to say.
        description="" if given.forwarded else guess_description(caption),
        tags=guess_tags(caption),
        type=guess_type(caption, words_of(name)),
        category=next((each.id for each in [*named, *last]), 0),
        as_last=not named and bool(last),
        semester=told.semester,
        year=told.year,
    )


def list_guesses(user: User, draft: Draft) -> list[Category]:
    """The subjects that it might belong to, the likeliest first."""
    texts = (draft.title, draft.description, " ".join(draft.tags), words_of(draft.name))
    named = find_named_categories(*texts)
    return list(dict.fromkeys([*named, *list_last_categories(user)]))
