"""conversations with the assistant, plans"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def added() -> tuple[sa.Column, ...]:
    """What the questions get, with values for those that are there."""
    return (
        sa.Column('claim', sa.String(length=120), nullable=False, server_default=''),
        sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('meaning', sa.JSON(), nullable=False, server_default='{}'),
        sa.Column('engine', sa.String(length=16), nullable=False, server_default=''),
        sa.Column('prompt', sa.String(length=16), nullable=False, server_default=''),
        sa.Column('removed', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('cached', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('error', sa.String(length=32), nullable=False, server_default=''),
        sa.Column('opinion', sa.SmallInteger(), nullable=False, server_default='0'),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    )


def upgrade() -> None:
    op.create_table('conversations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_conversations_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversations'))
    )
    op.create_index('ix_conversations_user_asked', 'conversations', ['user_id', 'asked_at'], unique=False)
    begin_conversations()

    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_questions_state'))
        batch_op.alter_column('state', new_column_name='status', existing_type=sa.String(length=8), type_=sa.String(length=12), existing_nullable=False)
        batch_op.add_column(sa.Column('conversation_id', sa.Integer(), nullable=True))
        for column in added():
            batch_op.add_column(column)
    op.execute("UPDATE questions SET conversation_id = id")
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.alter_column('conversation_id', existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(batch_op.f('fk_questions_conversation_id_conversations'), 'conversations', ['conversation_id'], ['id'], ondelete='CASCADE')
        for column in added():
            batch_op.alter_column(column.name, existing_type=column.type, server_default=None)
        batch_op.create_index('ix_questions_status', ['status'], unique=False)
        batch_op.create_index('ix_questions_conversation', ['conversation_id', 'id'], unique=False)
        batch_op.create_index('ix_questions_started', ['started_at'], unique=False)

    op.create_table('cached_answers',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('citations', sa.JSON(), nullable=False),
    sa.Column('meaning', sa.JSON(), nullable=False),
    sa.Column('engine', sa.String(length=16), nullable=False),
    sa.Column('prompt', sa.String(length=16), nullable=False),
    sa.Column('removed', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_cached_answers'))
    )
    op.create_index('ix_cached_answers_created', 'cached_answers', ['created_at'], unique=False)

    op.create_table('saved_answers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('citations', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_saved_answers_question_id_questions'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_saved_answers_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_answers'))
    )
    op.create_index(op.f('ix_saved_answers_question_id'), 'saved_answers', ['question_id'], unique=False)
    op.create_index('uq_saved_answers_question', 'saved_answers', ['user_id', 'question_id'], unique=True)

    op.create_table('plans',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('exam_on', sa.Date(), nullable=True),
    sa.Column('minutes_a_week', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_plans_question_id_questions'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_plans_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plans'))
    )
    op.create_index('ix_plans_user_changed', 'plans', ['user_id', 'changed_at'], unique=False)
    op.create_index('uq_plans_question', 'plans', ['question_id'], unique=True)

    op.create_table('plan_steps',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('week', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('topic', sa.String(length=300), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('first', sa.Integer(), nullable=True),
    sa.Column('last', sa.Integer(), nullable=True),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_plan_steps_material_id_materials'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_plan_steps_plan_id_plans'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_steps'))
    )
    op.create_index('ix_plan_steps_plan', 'plan_steps', ['plan_id', 'week', 'position'], unique=False)
    op.create_index('ix_plan_steps_material', 'plan_steps', ['material_id'], unique=False)


def begin_conversations() -> None:
    """Each question asked so far begins a conversation of its own, which has its id."""
    op.execute(
        "INSERT INTO conversations (id, user_id, title, named, created_at, asked_at) "
        "SELECT id, user_id, substr(text, 1, 120), false, created_at, created_at FROM questions"
    )
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(
            "SELECT setval(pg_get_serial_sequence('conversations', 'id'), "
            "(SELECT coalesce(max(id), 0) + 1 FROM conversations), false)"
        )


def downgrade() -> None:
    for name in ('plan_steps', 'plans', 'saved_answers', 'cached_answers'):
        op.drop_table(name)
    # The older code knows neither of these states.
    op.execute("UPDATE questions SET status = 'waiting' WHERE status = 'answering'")
    op.execute("UPDATE questions SET status = 'failed' WHERE status = 'cancelled'")
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.drop_index('ix_questions_status')
        batch_op.drop_index('ix_questions_conversation')
        batch_op.drop_index('ix_questions_started')
        batch_op.drop_constraint(batch_op.f('fk_questions_conversation_id_conversations'), type_='foreignkey')
        batch_op.drop_column('conversation_id')
        for column in added():
            batch_op.drop_column(column.name)
        batch_op.alter_column('status', new_column_name='state', existing_type=sa.String(length=12), type_=sa.String(length=8), existing_nullable=False)
    op.create_index(op.f('ix_questions_state'), 'questions', ['state'], unique=False)
    op.drop_table('conversations')
