"""notifications by Telegram, quiet hours, updates that are kept, answers that grow in a chat"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('quiet_hours',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('start', sa.SmallInteger(), nullable=False),
    sa.Column('end', sa.SmallInteger(), nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_quiet_hours_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_quiet_hours'))
    )
    op.create_table('telegram_messages',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('notification_ids', sa.JSON(), nullable=False),
    sa.Column('digest', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('claim', sa.String(length=120), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('error', sa.String(length=300), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_telegram_messages_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_telegram_messages')),
    sa.UniqueConstraint('key', name=op.f('uq_telegram_messages_key'))
    )
    op.create_index('ix_telegram_messages_due', 'telegram_messages', ['state', 'due_at'], unique=False)
    op.create_index('ix_telegram_messages_chat', 'telegram_messages', ['chat_id', 'state'], unique=False)
    op.create_index(op.f('ix_telegram_messages_user_id'), 'telegram_messages', ['user_id'], unique=False)
    op.create_table('telegram_updates',
    sa.Column('bot_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('update_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=32), nullable=False),
    sa.Column('replies', sa.Text(), nullable=False),
    sa.Column('attempts', sa.SmallInteger(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('bot_id', 'update_id', name=op.f('pk_telegram_updates'))
    )
    op.create_index('ix_telegram_updates_done', 'telegram_updates', ['bot_id', 'done_at'], unique=False)
    op.create_table('telegram_watches',
    sa.Column('question_id', sa.Integer(), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('shown', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_telegram_watches_question_id_questions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('question_id', name=op.f('pk_telegram_watches'))
    )
    op.create_index(op.f('ix_telegram_watches_chat_id'), 'telegram_watches', ['chat_id'], unique=False)
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('notifications', schema=None) as batch_op:
        batch_op.alter_column('material_id', existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column('question_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_notifications_question_id_questions'), 'questions', ['question_id'], ['id'], ondelete='CASCADE')
        batch_op.create_index(batch_op.f('ix_notifications_question_id'), ['question_id'], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM deliveries WHERE notification_id IN (SELECT id FROM notifications WHERE material_id IS NULL)")
    op.execute('DELETE FROM notifications WHERE material_id IS NULL')
    with op.batch_alter_table('notifications', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notifications_question_id'))
        batch_op.drop_constraint(batch_op.f('fk_notifications_question_id_questions'), type_='foreignkey')
        batch_op.drop_column('question_id')
        batch_op.alter_column('material_id', existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.drop_column('seen_at')
    for name in ('telegram_watches', 'telegram_updates', 'telegram_messages', 'quiet_hours'):
        op.drop_table(name)
