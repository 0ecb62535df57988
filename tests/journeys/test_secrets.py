"""Whatever goes wrong, neither secrets nor people's words are in a log, on stderr, in metrics or at the doctor's."""

from __future__ import annotations

import asyncio
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from records.branches import create_branch
from records.invitations import invite
from records.people import Role, add_person
from storage.database import Database
from tests.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.journeys.cohort import PATIENCE, joins
from tests.journeys.running import Waymark

__all__ = ["emulator"]
pytestmark = pytest.mark.postgres  # whose address holds a password

PASSWORD, METRICS, HOOK = "dsn-password-of-ours", "metrics-token-of-ours", "webhook-secret-of-ours"
WRONG_TOKEN, WRONG_CODE = "77777777:" + "wrong-token-" * 3, "AAAAA-BBBBB"
NAME, QUESTION, LETTER, UNREADABLE = "林小梅", "我想私下问一下政审结果", "组织员写给大家的话", "机器读不懂的来信"


def codes_of(url: str) -> tuple[str, str]:
    """A student's and an organiser's."""

    async def run() -> tuple[str, str]:
        database, now = Database(url), datetime.now(UTC)
        async with database.write() as session:
            branch = await create_branch(session, "材料学院本科生第一党支部")
            student = await add_person(session, name=NAME, branch_id=branch.id, now=now, student_number="2023010001")
            organiser = await add_person(session, name="周书记", branch_id=branch.id, now=now, roles=(Role.ORGANISER,))
            codes = await invite(session, student.id, now=now), await invite(session, organiser.id, now=now)
        await database.close()
        return codes

    return asyncio.run(run())


@pytest.fixture
def address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def installed(
    tmp_path: Path, emulator: Emulator, new_postgres: Callable[[], str], address: str
) -> Iterator[Callable[..., Waymark]]:
    """Makes processes of one installation, with every secret that there is."""
    url = new_postgres().replace("waymark@", f"waymark:{PASSWORD}@")
    made: list[Waymark] = []

    def make(**changes: str) -> Waymark:
        settings = {
            "telegram_token": emulator.token,
            "telegram_api": emulator.address,
            "database_url": url,
            "web_port": address.rpartition(":")[2],
            "webhook_url": address,
            "webhook_secret": HOOK,
            "metrics_token": METRICS,
            "log_level": "debug",
        }
        made.append(Waymark(tmp_path, **settings | changes))
        return made[-1]

    make.url = url  # type: ignore[attr-defined]  # for who looks into the database
    yield make
    for waymark in made:
        waymark.kill()


def fetched(address: str, token: str = "") -> str:
    request = urllib.request.Request(address, headers={"authorization": f"Bearer {token}"})  # noqa: S310 (our own)
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own address)
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())


def test_after_a_long_day_of_trouble_nothing_that_is_nobodys_business_is_anywhere(
    installed: Callable[..., Waymark], emulator: Emulator, tmp_path: Path, address: str
) -> None:
    waymark = installed()
    student, organiser = codes_of(installed.url)  # type: ignore[attr-defined]  # see the fixture
    waymark.start_serving()
    mei, secretary, stranger = emulator.user(NAME), emulator.user("周书记"), emulator.user("路人")
    said: list[str] = []

    stranger.says(f"/start {WRONG_CODE}")
    stranger.waits_for("邀请码", timeout=PATIENCE)
    joins(mei, student)
    joins(secretary, organiser)
    mei.says("/dates")
    mei.waits_for("", timeout=PATIENCE)
    mei.presses("订阅")
    mei.waits_for("", timeout=PATIENCE)
    mei.presses("生成")
    shown = re.search(r"/calendar/(\S+)\.ics", mei.waits_for("/calendar/", timeout=PATIENCE).text)
    assert shown is not None
    said.append(fetched(f"{address}/calendar/{shown[1]}x.ics"))

    for kind in ("server_error", "server_error_after_effect", "dropped", "dropped_after_effect", "too_many_requests"):
        emulator.fails(kind, "sendMessage")  # type: ignore[arg-type]  # a literal of the emulator's
        mei.says(QUESTION)
        mei.waits_for("", timeout=PATIENCE)
    emulator.fails("server_error", "download")
    secretary.sends_document(LETTER.encode(), f"{LETTER}.md")
    secretary.waits_for("", timeout=PATIENCE)
    secretary.says(f"/broadcast {LETTER}")
    preview = secretary.waits_for("预览", timeout=PATIENCE)
    mei.blocks()
    secretary.presses("发送", preview)
    secretary.waits_for("", timeout=PATIENCE)
    with emulator.world.changed:
        unreadable = {"message_id": 1, "date": UNREADABLE, "from": {"id": stranger.id}}
        emulator.world.add_update("message", unreadable)
    emulator.waits_until(lambda seen: seen.pending_updates == 0, timeout=PATIENCE)
    emulator.fails("unauthorized", "sendMessage")
    secretary.says("/help")
    secretary.waits_for("您可以", timeout=PATIENCE)

    said += [fetched(f"{address}/{path}", METRICS) for path in ("metrics", "readyz", "healthz")]
    said += [fetched(f"{address}/metrics", "guessed"), fetched(f"{address}/telegram")]
    for doctor in (waymark, installed(telegram_token=WRONG_TOKEN), installed(database_url=_nowhere(PASSWORD))):
        ran = doctor.run("doctor")
        said += [ran.stdout, ran.stderr]
    emulator.stop()
    secretary.says("/help")
    waymark.stop()
    emulator.start()
    said.append(waymark.output)
    refused = installed(telegram_token=WRONG_TOKEN, webhook_url="").run("serve")
    said += [refused.stdout, refused.stderr]
    logs = [path.read_text(encoding="utf-8") for path in tmp_path.glob("data/waymark.log*")]

    assert "waymark_handler_seconds" in said[1]
    assert refused.returncode == 1
    assert "inbox.failed" in "".join(logs)
    secrets = [emulator.token, WRONG_TOKEN, PASSWORD, METRICS, HOOK, shown[1]]
    secrets += [code.replace("-", dash) for code in (student, organiser, WRONG_CODE) for dash in ("-", "")]
    secrets += [part.partition(":")[2] for part in (emulator.token, WRONG_TOKEN)]
    everything = "\n".join((*said, *logs))
    assert [secret for secret in (*secrets, NAME, QUESTION, LETTER, UNREADABLE) if secret in everything] == []


def _nowhere(password: str) -> str:
    return f"postgresql+asyncpg://waymark:{password}@127.0.0.1:1/nothing"
