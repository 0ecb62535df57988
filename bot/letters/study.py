"""The day's study card, chosen and recorded at the moment at which it is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiogram.methods import SendMessage, TelegramMethod

from bot.deeds.standing import behind_of
from bot.letters.reader import reader_of
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from bot.views.study import show_card
from content.study import today_card
from scheduler.outbox import Letter


async def write(services: Services, letter: Letter) -> TelegramMethod[Any] | Dropped | Postponed:
    """The card; dropped when its day is over, when study is muted or paused, or when today's was answered already."""
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    person, day = reader.person, date.fromisoformat(letter.payload["day"])
    if day != services.clock.today():
        return Dropped("its day is over")
    if person.study_muted or person.paused:
        return Dropped("study is muted or paused")
    async with services.database.read() as session:
        behind = await behind_of(session, services, person.id)
    now = services.clock.now()
    async with services.database.write() as session:
        card = await today_card(session, person.id, stage=person.stage, day=day, now=now, behind=behind)
    if card is None:
        return Dropped("nothing to study")
    if card.response is not None:
        return Dropped("read already")
    return SendMessage(chat_id=letter.chat_id, **show_card(card, reader.words))
