"""Passages are found by how their texts begin: that the very same text is here is seen without reading all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_passage_begin", "passage", [sa.text("substr(text, 1, 24)")])


def downgrade() -> None:
    op.drop_index("ix_passage_begin", table_name="passage")
