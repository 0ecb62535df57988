"""Keys of letters are ordered by their bytes: the letters of one broadcast are found by the index."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ordered(sa.String(200, collation="C"))


def downgrade() -> None:
    _ordered(sa.String(200))


def _ordered(kind: sa.String) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite orders by bytes anyway
        op.alter_column("outbox", "unique_key", type_=kind, existing_type=sa.String(200), existing_nullable=False)
