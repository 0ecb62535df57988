"""What did not arrive is shown to organisers as it is: who it was for, what it was, and why, in words."""

from __future__ import annotations

from datetime import timedelta

from bot.tables import PARKED, InboxRow
from records.people import Role
from scheduler.outbox import Draft, Kind, enqueue
from storage.database import Database
from tests.bot.student_house import open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]


async def test_what_expired_was_refused_or_put_aside_is_told_with_its_reason(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        home, house.branch = house.branch, house.committee
        organiser = await house.join("王书记", role=Role.ADMIN)
        house.branch = home
        for name in ("林晓雨", "周子涵", "吴桐"):
            await house.join(name)
        late, blocked, refused = (house.people[name] for name in ("林晓雨", "周子涵", "吴桐"))
        chats = {late.id: 1, blocked.id: emulator.user("周子涵", started=False).id, refused.id: 12345}
        notice = {"template": "notice", "key": "settings.head", "values": {}, "buttons": []}
        async with database.write() as session:
            drafts = [
                Draft(
                    unique_key=f"letter {person}",
                    channel="telegram",
                    chat_id=chat,
                    kind=Kind.NOTICE,
                    payload=notice,
                    not_before=house.now - timedelta(hours=2),
                    recipient=person,
                    expires_at=house.now - timedelta(hours=1) if person == late.id else None,
                )
                for person, chat in chats.items()
            ]
            await enqueue(session, drafts, now=house.now)
            row = InboxRow(channel="web", update_id=1, lane="1", payload={}, received_at=house.now, state=PARKED)
            session.add(row)
        await house.quiet()

        organiser.says("/audit")
        audit = await organiser.hears("有 1 条来信没有处理成功")
        organiser.presses("没有送达的", audit)
        told = (await organiser.hears("没有送达")).text

    reasons = {line.split()[0]: line for line in told.splitlines()}
    assert "已取消 · 已过期，不再发送" in reasons["林晓雨"]
    assert "失败 · 对方已屏蔽" in reasons["周子涵"]
    assert "失败 · 平台拒绝发送" in reasons["吴桐"]
