"""what the Telegram bot remembers"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('telegram_chats',
    sa.Column('chat_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('dialogue', sa.JSON(), nullable=False),
    sa.Column('screen_id', sa.BigInteger(), nullable=True),
    sa.Column('blocked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('chat_id', name=op.f('pk_telegram_chats'))
    )
    op.create_table('telegram_searches',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('wanted', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['chat_id'], ['telegram_chats.chat_id'], name=op.f('fk_telegram_searches_chat_id_telegram_chats'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_telegram_searches'))
    )
    op.create_index('ix_telegram_searches_chat', 'telegram_searches', ['chat_id', 'id'], unique=False)
    op.create_table('telegram_files',
    sa.Column('bot_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('file_id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('bot_id', 'key', name=op.f('pk_telegram_files'))
    )
    op.create_table('telegram_pollers',
    sa.Column('bot_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('claim', sa.String(length=120), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('bot_id', name=op.f('pk_telegram_pollers'))
    )


def downgrade() -> None:
    for name in ('telegram_pollers', 'telegram_files', 'telegram_searches', 'telegram_chats'):
        op.drop_table(name)
