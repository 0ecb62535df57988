"""When a passage was cited last, and which did not help."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("passage", sa.Column("cited_on", sa.Date(), nullable=True))
    op.create_table(
        "unhelpful",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("passage_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passage.id"], name=op.f("fk_unhelpful_passage_id_passage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unhelpful")),
        sa.UniqueConstraint("passage_id", "asker", name=op.f("uq_unhelpful_passage_id")),
    )


def downgrade() -> None:
    op.drop_table("unhelpful")
    op.drop_column("passage", "cited_on")
