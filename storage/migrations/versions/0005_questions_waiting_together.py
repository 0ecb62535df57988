"""Questions that wait together for one answer, and questions that organisers attached to an article."""

import sqlalchemy as sa
from alembic import op

import storage.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attached_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("added_at", storage.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_attached_question_added_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attached_question")),
    )
    op.create_index(op.f("ix_attached_question_series"), "attached_question", ["series"])
    op.add_column("document", sa.Column("attached", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("inquiry", sa.Column("group_id", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("inquiry", sa.Column("named", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_inquiry_group_id"), "inquiry", ["group_id"])
    op.execute(
        "UPDATE inquiry SET group_id = (SELECT min(o.id) FROM inquiry AS o WHERE o.branch_id = inquiry.branch_id "
        "AND o.text = inquiry.text AND o.state = inquiry.state)"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_inquiry_group_id"), "inquiry")
    op.drop_column("inquiry", "named")
    op.drop_column("inquiry", "group_id")
    op.drop_column("document", "attached")
    op.drop_index(op.f("ix_attached_question_series"), "attached_question")
    op.drop_table("attached_question")
