"""The address under which a person's calendar fetches their due dates; it tells a calendar no more than days."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.consent import NOTICE_VERSION
from bot.deeds.standing import dates_of
from bot.services import Services
from records.calendar_links import link_by_token
from records.consent import has_consented
from records.exports.calendar import calendar
from records.people import person_by_id

PATH = "/calendar/{token}.ics"
HEADERS = {
    "cache-control": "private, no-cache",  # kept by the reader alone, and asked about each time
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


class CalendarFeed:
    """Answers calendars, which know nothing but an address."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def route(self) -> Route:
        """Where calendars ask."""
        return Route(PATH, self.show, methods=["GET"])

    async def show(self, request: Request) -> Response:
        """The dates as they are now; 304 where the reader has them; one answer to every address that is none."""
        content = await self._content(request.path_params["token"])
        if content is None:
            return Response(status_code=404, headers=HEADERS)
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {**HEADERS, "etag": tag}
        if _has(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)

    async def _content(self, token: str) -> bytes | None:
        services, today = self._services, self._services.clock.today()
        async with services.database.read() as session:
            link = await link_by_token(session, token)
            person = await person_by_id(session, link.person) if link is not None else None
            if link is None or person is None or not await has_consented(session, person.id, NOTICE_VERSION):
                return None
            dates = await dates_of(session, services, person.id, today=today)
        words = services.locales.words(person.language or services.settings.language)
        stamp = datetime.combine(today, time(0), services.settings.zone)  # the same all day, so that the tag is too
        due = [(person, dates)]
        return await asyncio.to_thread(calendar, due, words.plain, stamp, discreet=True, seed=link.seed)


def _has(asked: str, tag: str) -> bool:
    """Whether the reader has this version; a proxy that compresses calls the tag weak."""
    return asked.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in asked.split(",")}
