"""What is still to come of one person stands in an index"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_reminder_subject", table_name="reminder")
    op.create_index("ix_reminder_subject", "reminder", ["subject_id", "planned_at"])


def downgrade() -> None:
    op.drop_index("ix_reminder_subject", table_name="reminder")
    op.create_index("ix_reminder_subject", "reminder", ["subject_id"])
