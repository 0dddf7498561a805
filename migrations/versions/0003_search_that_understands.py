"""search that understands"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('completions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=60, collation='C').with_variant(sa.String(length=60), 'sqlite'), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('weight', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_completions'))
    )
    with op.batch_alter_table('completions', schema=None) as batch_op:
        batch_op.create_index('ix_completions_key', ['kind', 'key', 'weight', 'source_id'], unique=False)
        batch_op.create_index('ix_completions_source', ['kind', 'source_id'], unique=False)

    op.create_table('empty_searches',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('category_id', sa.Integer(), nullable=True),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['category_id'], ['categories.id'], name=op.f('fk_empty_searches_category_id_categories'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_empty_searches'))
    )
    with op.batch_alter_table('empty_searches', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_empty_searches_category_id'), ['category_id'], unique=False)
        batch_op.create_index('ix_empty_searches_day', ['day'], unique=False)
        batch_op.create_index('uq_empty_searches_key', ['key', 'day'], unique=True)

    op.create_table('recent_queries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_recent_queries_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recent_queries'))
    )
    with op.batch_alter_table('recent_queries', schema=None) as batch_op:
        batch_op.create_index('ix_recent_queries_asked', ['user_id', 'asked_at'], unique=False)
        batch_op.create_index('uq_recent_queries_key', ['user_id', 'key'], unique=True)

    op.create_table('material_requests',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('category_id', sa.Integer(), nullable=True),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['category_id'], ['categories.id'], name=op.f('fk_material_requests_category_id_categories'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_material_requests_material_id_materials'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_material_requests_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_requests'))
    )
    with op.batch_alter_table('material_requests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_material_requests_category_id'), ['category_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_material_requests_material_id'), ['material_id'], unique=False)
        batch_op.create_index('ix_material_requests_state', ['state', 'key'], unique=False)
        batch_op.create_index('uq_material_requests_key', ['user_id', 'key'], unique=True)

    op.add_column('materials', sa.Column('semester', sa.Integer(), nullable=True))
    op.add_column('materials', sa.Column('year', sa.Integer(), nullable=True))
    op.add_column('materials', sa.Column('language', sa.String(length=2), nullable=False, server_default=''))


def downgrade() -> None:
    forget_met_requests()
    for name in ('language', 'year', 'semester'):
        op.drop_column('materials', name)

    with op.batch_alter_table('material_requests', schema=None) as batch_op:
        batch_op.drop_index('uq_material_requests_key')
        batch_op.drop_index('ix_material_requests_state')
        batch_op.drop_index(batch_op.f('ix_material_requests_material_id'))
        batch_op.drop_index(batch_op.f('ix_material_requests_category_id'))

    op.drop_table('material_requests')
    with op.batch_alter_table('recent_queries', schema=None) as batch_op:
        batch_op.drop_index('uq_recent_queries_key')
        batch_op.drop_index('ix_recent_queries_asked')

    op.drop_table('recent_queries')
    with op.batch_alter_table('empty_searches', schema=None) as batch_op:
        batch_op.drop_index('uq_empty_searches_key')
        batch_op.drop_index('ix_empty_searches_day')
        batch_op.drop_index(batch_op.f('ix_empty_searches_category_id'))

    op.drop_table('empty_searches')
    with op.batch_alter_table('completions', schema=None) as batch_op:
        batch_op.drop_index('ix_completions_source')
        batch_op.drop_index('ix_completions_key')

    op.drop_table('completions')


def forget_met_requests() -> None:
    """The older code knows no such topic and cannot show what is about it."""
    topic, kind = sa.column('topic'), sa.column('kind')
    told = sa.table('notifications', sa.column('id'), topic, kind)
    deliveries = sa.table('deliveries', sa.column('notification_id'))
    choices = sa.table('notification_choices', sa.column('topic'))
    new = sa.or_(told.c.topic == 'requests', told.c.kind == 'found')
    ids = sa.select(told.c.id).where(new)
    op.execute(sa.delete(deliveries).where(deliveries.c.notification_id.in_(ids)))
    op.execute(sa.delete(told).where(new))
    op.execute(sa.delete(choices).where(choices.c.topic == 'requests'))
