"""trash, captions of videos, prints of texts"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('trash',
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('deleted_by_id', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status_before', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['deleted_by_id'], ['users.id'], name=op.f('fk_trash_deleted_by_id_users')),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_trash_material_id_materials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('material_id', name=op.f('pk_trash'))
    )
    op.create_index('ix_trash_deleted_at', 'trash', ['deleted_at'], unique=False)
    op.create_index('ix_trash_deleted_by_id', 'trash', ['deleted_by_id'], unique=False)

    op.create_table('unused_files',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('purging', sa.Boolean(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('uploader_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['uploader_id'], ['users.id'], name=op.f('fk_unused_files_uploader_id_users')),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_unused_files'))
    )
    op.create_index('ix_unused_files_due_at', 'unused_files', ['due_at'], unique=False)
    op.create_index('ix_unused_files_uploader_id', 'unused_files', ['uploader_id'], unique=False)

    op.create_table('purged_materials',
    sa.Column('material_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('material_id', name=op.f('pk_purged_materials'))
    )

    op.create_table('captions',
    sa.Column('file_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['users.id'], name=op.f('fk_captions_author_id_users')),
    sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_captions_file_id_files'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('file_id', 'language', name=op.f('pk_captions'))
    )
    op.create_index('ix_captions_author_id', 'captions', ['author_id'], unique=False)

    op.create_table('text_prints',
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.Integer(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('signature', sa.LargeBinary(), nullable=False),
    sa.Column('compared', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_text_prints_material_id_materials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('material_id', name=op.f('pk_text_prints'))
    )
    op.create_table('text_bands',
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('band', sa.SmallInteger(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['material_id'], ['text_prints.material_id'], name=op.f('fk_text_bands_material_id_text_prints'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('material_id', 'band', name=op.f('pk_text_bands'))
    )
    op.create_index('ix_text_bands_value', 'text_bands', ['band', 'value'], unique=False)
    op.create_table('similar_texts',
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('other_id', sa.Integer(), nullable=False),
    sa.Column('percent', sa.SmallInteger(), nullable=False),
    sa.ForeignKeyConstraint(['material_id'], ['text_prints.material_id'], name=op.f('fk_similar_texts_material_id_text_prints'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['other_id'], ['text_prints.material_id'], name=op.f('fk_similar_texts_other_id_text_prints'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('material_id', 'other_id', name=op.f('pk_similar_texts'))
    )
    op.create_index('ix_similar_texts_other_id', 'similar_texts', ['other_id'], unique=False)
    op.add_column('files', sa.Column('has_preview', sa.Boolean()))


def downgrade() -> None:
    op.drop_column('files', 'has_preview')
    for table in ('similar_texts', 'text_bands', 'text_prints', 'captions', 'purged_materials', 'unused_files', 'trash'):
        op.drop_table(table)
