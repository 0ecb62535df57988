"""Every table of the house in one place, for migrations and backups."""

from __future__ import annotations

from sqlalchemy import MetaData

import bot.tables
import content.tables
import records.tables
import scheduler.tables
import storage.files
import storage.settings
from storage.database import Base

_ROOMS = (bot.tables, content.tables, records.tables, scheduler.tables, storage.files, storage.settings)


def metadata() -> MetaData:
    """The tables as the code describes them."""
    return Base.metadata
