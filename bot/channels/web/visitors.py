"""Who a browser is: a chat number in a signed cookie."""

from __future__ import annotations

import secrets
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from storage.database import Database, first_come
from storage.settings import get_setting, put_setting

COOKIE = "waymark_session"
SECRET_SETTING = "web.secret"  # noqa: S105 (the name of the setting)
VALID = timedelta(days=180)  # since the last visit
FAILURES_ALLOWED = 100  # wrong codes from one address within the hour: a whole school may share an address
FAILURES_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Visitor:
    """A browser's chat; `admitted` once an invitation was shown, or a sample person chosen."""

    chat_id: int
    admitted: bool


class Seal:
    """Signs and reads the cookie."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt="waymark.web.visitor")

    def sign(self, visitor: Visitor, *, now: datetime) -> str:
        """The cookie's value, good for `VALID` from now."""
        return str(self._serializer.dumps([visitor.chat_id, visitor.admitted, int(now.timestamp())]))

    def read(self, value: str | None, *, now: datetime) -> Visitor | None:
        """Who it is; None when the value is missing, not ours, or too old."""
        try:
            chat_id, admitted, since = self._serializer.loads(value or "")
            age = now - datetime.fromtimestamp(since, UTC)
        except (BadData, TypeError, ValueError):
            return None
        return Visitor(int(chat_id), bool(admitted)) if age <= VALID else None


def new_chat_id() -> int:
    """A number that nobody guesses: 48 bits, which every platform's integers hold."""
    return secrets.randbits(47) | 1 << 47


async def secret_of(database: Database) -> str:
    """The installation's secret, made at the first start."""
    async with database.write() as session:
        await first_come(session)
        secret = await get_setting(session, SECRET_SETTING)
        if not isinstance(secret, str):
            secret = secrets.token_urlsafe(32)
            await put_setting(session, SECRET_SETTING, secret)
    return secret


class Patience:
    """Counts wrong codes by network address, as a guesser would throw the cookie away."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[datetime]] = defaultdict(deque)

    def wait_of(self, address: str, *, now: datetime) -> timedelta | None:
        """How long the address has to wait; None when it may try."""
        failures = self._failures.get(address)
        if failures is None:
            return None
        while failures and now - failures[0] >= FAILURES_WINDOW:
            failures.popleft()
        if not failures:
            del self._failures[address]
            return None
        return failures[0] + FAILURES_WINDOW - now if len(failures) >= FAILURES_ALLOWED else None

    def failed(self, address: str, *, now: datetime) -> None:
        """One more wrong code."""
        self._failures[address].append(now)
