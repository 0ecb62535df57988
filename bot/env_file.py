"""The file `.env` in the folder in which a command is started."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from storage.errors import Term, WaymarkError

ENCODING = "utf-8-sig"  # Windows' editors put a mark before the first key


class EnvFileUnreadable(WaymarkError):
    """`.env` is there, and what it says cannot be known."""

    key = "error.env_file_unreadable"
    sentence = "{path} cannot be read: {reason}."


def env_file() -> dict[str, str | None]:
    """What stands in `.env`; nothing where there is none.

    Raises:
        EnvFileUnreadable: it may not be read, or is not UTF-8.
    """
    path = Path(".env")
    try:
        text = path.read_text(encoding=ENCODING) if path.is_file() else ""
    except UnicodeDecodeError as error:
        reason = Term("it is not UTF-8; save it anew in that encoding", "env_file.encoding")
        raise EnvFileUnreadable(path=str(path.absolute()), reason=reason) from error
    except OSError as error:
        reason = Term("give the user that runs Waymark the right to read it", "env_file.rights")
        raise EnvFileUnreadable(path=str(path.absolute()), reason=reason) from error
    if not text:
        return {}
    from dotenv import dotenv_values

    return dict(dotenv_values(stream=StringIO(text)))
