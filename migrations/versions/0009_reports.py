"""reports of materials"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('reports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('settled_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_reports_material_id_materials'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['settled_by_id'], ['users.id'], name=op.f('fk_reports_settled_by_id_users')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_reports_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reports'))
    )
    is_open = sa.text("state = 'open'")
    op.create_index('uq_reports_open', 'reports', ['user_id', 'material_id'], unique=True, sqlite_where=is_open, postgresql_where=is_open)
    op.create_index('ix_reports_user_created', 'reports', ['user_id', 'created_at'], unique=False)
    op.create_index('ix_reports_material_state', 'reports', ['material_id', 'state'], unique=False)
    op.create_index('ix_reports_state', 'reports', ['state'], unique=False)
    op.create_index('ix_reports_settled_by_id', 'reports', ['settled_by_id'], unique=False)


def downgrade() -> None:
    forget_settled_reports()
    op.drop_table('reports')


def forget_settled_reports() -> None:
    """The older code knows no such topic and cannot show what is about it."""
    topic = sa.column('topic')
    told = sa.table('notifications', sa.column('id'), topic)
    deliveries = sa.table('deliveries', sa.column('notification_id'))
    choices = sa.table('notification_choices', sa.column('topic'))
    ids = sa.select(told.c.id).where(told.c.topic == 'reports')
    op.execute(sa.delete(deliveries).where(deliveries.c.notification_id.in_(ids)))
    op.execute(sa.delete(told).where(told.c.topic == 'reports'))
    op.execute(sa.delete(choices).where(choices.c.topic == 'reports'))
