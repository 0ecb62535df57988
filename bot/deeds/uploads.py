"""Files that organisers send: what they are, read in a child process, and kept until somebody decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from io import BytesIO
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import Document
from aiohttp import ClientError
from sqlalchemy.ext.asyncio import AsyncSession

from content.banks import BANK, BankFile
from content.readers import FILE, FileKind, ParsedDocument
from records.roster_sheet import Roster
from records.step_list import StepList
from storage.errors import WaymarkError
from storage.files import clean_name, drop_file, load_file, store_file
from storage.sandbox import run_limited

MEGABYTE = 1024 * 1024
DECIDING_TAKES = timedelta(days=7)  # at most; then the file has to be sent again
MOST_MEGABYTES = 20  # what the platform lets a bot download
ROSTER, STEPS, SHEET_KIND = (
    "records.roster_sheet:read_roster",
    "records.step_list:read_step_list",
    "records.step_list:kind_of_sheet",
)
_TABLES = (".xlsx", ".xlsm", ".xls", ".csv", ".tsv")
_QUESTIONS = (".json", ".yaml", ".yml")


class Sort(StrEnum):
    """What a file is for."""

    DOCUMENT = "document"
    BANK = "bank"
    ROSTER = "roster"
    STEPS = "steps"


class UploadTooBig(WaymarkError):
    """Larger than a bot may download."""

    key = "error.upload_too_big"
    sentence = "{name} has {megabytes} MB; up to {most} MB can be received. Split it or make its pictures smaller."


class UploadNotFetched(WaymarkError):
    """The platform did not hand the file over."""

    key = "error.upload_not_fetched"
    sentence = "{name} could not be downloaded. Please send it again."


class UploadGone(WaymarkError):
    """The file that a button was about is no longer kept."""

    key = "error.upload_gone"
    sentence = "This preview is over; nothing was changed. Please send the file again."


@dataclass
class Pending:
    """A file that waits for a decision, as the dialogue remembers it.

    `effective` is an ISO day, `kind` a DocumentKind; None leaves it to the text. `history`: a list tells what happened
    before Waymark was used.
    """

    ref: int
    sha256: str
    name: str
    sort: str
    stages: list[str] = field(default_factory=list)
    effective: str | None = None
    replaces: str | None = None
    branch: int | None = None
    kind: str | None = None
    history: bool = False

    def stored(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ReadFile:
    """A file as it was understood; exactly one of the four is given."""

    sort: Sort
    document: ParsedDocument | None = None
    bank: BankFile | None = None
    roster: Roster | None = None
    steps: StepList | None = None


def pending_of(data: Mapping[str, Any], ref: int) -> Pending:
    """What waits in this dialogue.

    Raises:
        UploadGone: nothing, or another file.
    """
    stored = data.get("upload")
    if not stored or stored["ref"] != ref:
        raise UploadGone
    return Pending(**stored)


async def fetch(bot: Bot, document: Document) -> bytes:
    """The bytes, after a look at their number; more than was announced are not taken.

    Raises:
        UploadTooBig, UploadNotFetched.
    """
    name = name_of(document)
    received = _Received(name)
    received.check(document.file_size or 0)
    try:
        await bot.download(document, received)
    except (TelegramAPIError, ClientError, TimeoutError) as error:
        raise UploadNotFetched(name=name) from error
    return received.getvalue()


def name_of(document: Document) -> str:
    """What the file is called, without folders and what cannot be seen."""
    return clean_name(document.file_name or "")


class _Received(BytesIO):
    """What has come of a file so far."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._called = name

    def write(self, data: Any) -> int:
        self.check(self.tell() + len(data))
        return super().write(data)

    def check(self, size: int) -> None:
        if size > MOST_MEGABYTES * MEGABYTE:
            raise UploadTooBig(name=self._called, megabytes=-(-size // MEGABYTE), most=MOST_MEGABYTES)


async def read_upload(content: bytes, name: str, sort: Sort | None = None) -> ReadFile:
    """Read the file as what it is, or as what somebody says it is.

    Raises:
        WaymarkError: a reader's refusal.
    """
    match sort or await _sort_of(content, name):
        case Sort.ROSTER:
            return ReadFile(Sort.ROSTER, roster=await run_limited(ROSTER, content, name))
        case Sort.STEPS:
            return ReadFile(Sort.STEPS, steps=await run_limited(STEPS, content, name))
        case Sort.BANK:
            return ReadFile(Sort.BANK, bank=await run_limited(BANK, content, name))
        case ParsedDocument() as parsed:
            return ReadFile(Sort.DOCUMENT, document=parsed)
    return ReadFile(Sort.DOCUMENT, document=await run_limited(FILE, content, name))


async def keep(session: AsyncSession, content: bytes, name: str, *, now: datetime) -> str:
    """Keep the bytes for as long as a decision may take. Returns their SHA-256."""
    return await store_file(session, name=name, content=content, now=now, keep=DECIDING_TAKES)


async def kept(session: AsyncSession, pending: Pending) -> bytes:
    """The bytes of a file that waits.

    Raises:
        UploadGone: they are not kept any more.
    """
    stored = await load_file(session, pending.sha256)
    if stored is None:
        raise UploadGone
    return stored.content


async def forget(session: AsyncSession, pending: Pending, *, now: datetime) -> None:
    """Drop the bytes, unless a document of the library or a chat on the page keeps the same ones."""
    await drop_file(session, pending.sha256, before=now + DECIDING_TAKES)


async def _sort_of(content: bytes, name: str) -> Sort | ParsedDocument:
    ending = name.lower()
    if ending.endswith(_QUESTIONS):
        return Sort.BANK
    if ending.endswith(_TABLES):
        kind = await run_limited(SHEET_KIND, content, name)
        if kind is not None:
            return Sort.STEPS if kind == "steps" else Sort.ROSTER
        if ending.endswith((".csv", ".tsv")):
            return Sort.BANK
    parsed: ParsedDocument = await run_limited(FILE, content, name)
    match parsed.detected:
        case FileKind.QUESTION_BANK:
            return Sort.BANK
        case FileKind.ROSTER:
            return Sort.ROSTER
        case FileKind.STEP_LIST:
            return Sort.STEPS
    return parsed
