"""Whose study card comes when stands in an index"""

import sqlalchemy as sa
from alembic import op

import storage.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "study_turn",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_at", storage.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_study_turn_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_study_turn")),
    )
    op.create_index(op.f("ix_study_turn_next_at"), "study_turn", ["next_at"])
    # Who has joined is looked at in the first minute.
    op.execute(
        "INSERT INTO study_turn (person_id, next_at) "
        "SELECT person_id, max(given_at) FROM consent WHERE withdrawn_at IS NULL GROUP BY person_id"
    )


def downgrade() -> None:
    op.drop_table("study_turn")
