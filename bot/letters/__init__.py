"""Letters: a push is kept as a template with parameters and written, in its reader's language, when it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.letters import broadcast, notice, progress, quotation, reminders, study, talk
from bot.services import Services
from bot.turns.carrier import Compose, Composed, Dropped
from scheduler.outbox import Letter

Writer = Callable[[Services, Letter], Awaitable[Composed]]

WRITERS: dict[str, Writer] = {
    "notice": notice.write,
    "quotation": quotation.write,
    "reminders": reminders.write,
    "study": study.write,
    "talk": talk.write,
    "broadcast": broadcast.write,
    "progress": progress.write,
}


def composer(services: Services) -> Compose:
    """The function that writes any letter."""

    async def compose(letter: Letter) -> Composed:
        writer = WRITERS.get(letter.payload.get("template", ""))
        return Dropped("unknown template") if writer is None else await writer(services, letter)

    return compose
