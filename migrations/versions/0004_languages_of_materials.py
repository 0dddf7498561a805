"""the languages of what is there already

Data only, apart from the tables of 0003: where it is stopped, it begins again.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

BATCH = 200
PASSAGES = 40  # of one material that are looked at
SAMPLE = 20_000  # characters
# The rule as it was when this was written.
RUSSIAN_SHARE = 0.4
ENOUGH_LETTERS = 100
OTHER_SHARE = 0.02
ENGLISH_SHARE = 0.03
CYRILLIC = re.compile('[а-яё]', re.IGNORECASE)
LATIN = re.compile('[a-z]', re.IGNORECASE)
OTHER_CYRILLIC = re.compile('[іїєґў]', re.IGNORECASE)
LATIN_WORD = re.compile('[a-z]+')
ENGLISH_WORD = re.compile(r'\b(?:the|of|to|are|that|which|from)\b')
TITLE_WORD = re.compile('[a-z]{3,}', re.IGNORECASE)

materials = sa.table(
    'materials', sa.column('id'), sa.column('title'), sa.column('language'), sa.column('revision')
)
passages = sa.table('passages', sa.column('material_id'), sa.column('number'), sa.column('text'))


def upgrade() -> None:
    """Tell the language of each by its text; search learns of it by the revision."""
    connection, last = op.get_bind(), 0
    untold = sa.select(materials.c.id, materials.c.title).where(materials.c.language == '')
    untold = untold.order_by(materials.c.id).limit(BATCH)
    while some := connection.execute(untold.where(materials.c.id > last)).all():
        for material in some:
            if language := language_of(read_text(connection, material.id), material.title):
                known = {'language': language, 'revision': materials.c.revision + 1}
                one = sa.update(materials).where(materials.c.id == material.id)
                connection.execute(one.values(**known))
        last = some[-1].id


def downgrade() -> None:
    """The column goes with 0003."""


def read_text(connection: sa.Connection, material_id: int) -> str:
    beginning = sa.func.substr(passages.c.text, 1, SAMPLE)
    mine = sa.select(beginning).where(passages.c.material_id == material_id)
    taken, left = [], SAMPLE
    for text in connection.scalars(mine.order_by(passages.c.number).limit(PASSAGES)).all():
        taken.append(text[:left])
        left -= len(text)
        if left <= 0:
            break
    return '\n'.join(taken)


def language_of(text: str, title: str) -> str:
    cyrillic, latin = len(CYRILLIC.findall(text)), len(LATIN.findall(text))
    if cyrillic + latin < ENOUGH_LETTERS:
        return language_of_title(title)
    if cyrillic >= RUSSIAN_SHARE * (cyrillic + latin):
        other = len(OTHER_CYRILLIC.findall(text))
        return 'ru' if other < OTHER_SHARE * cyrillic else ''
    text = text.lower()
    said = len(ENGLISH_WORD.findall(text))
    return 'en' if said >= ENGLISH_SHARE * len(LATIN_WORD.findall(text)) else ''


def language_of_title(title: str) -> str:
    cyrillic, latin = len(CYRILLIC.findall(title)), len(LATIN.findall(title))
    if cyrillic > 2 and cyrillic >= RUSSIAN_SHARE * (cyrillic + latin):
        return '' if OTHER_CYRILLIC.search(title) else 'ru'
    return 'en' if len(TITLE_WORD.findall(title)) > 1 and not cyrillic else ''
