"""Settings from the environment and `.env`; a wrong value stops the start with its key and what is allowed."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.env_file import ENCODING
from storage.database import sqlite_url
from storage.errors import Term, WaymarkError

PREFIX = "WAYMARK_"
EVENING = time(21, 0)  # so early the quiet hours that people may choose for themselves begin
TELEGRAM = "https://api.telegram.org"
SECRET = ("TOKEN", "SECRET", "KEY", "DATABASE_URL")  # which may hold a password
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
HOOK_SECRET = re.compile("[A-Za-z0-9_-]{1,256}")  # what Telegram takes
WORDED = frozenset({"int_parsing", "float_parsing", "bool_parsing", "time_parsing", "address"})
SIGNS = {"less_than_equal": "≤", "greater_than_equal": "≥", "greater_than": ">", "less_than": "<"}


class WrongSetting(WaymarkError):
    """A value in the environment or `.env` that cannot be used."""

    key = "error.wrong_setting"
    sentence = "{name} is {value!r}: {problem}. Change it in .env or in the environment (see .env.example)."


def _is_database(address: str) -> bool:
    """Whether it can be the address of a database of ours; whether anybody answers there is another question."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # the second of a port that is no number
        return False
    if url.drivername == DRIVERS["sqlite"]:
        return not url.host and bool(url.database)
    return url.drivername == DRIVERS["postgresql"] and "@" not in (url.host or "")


def _is_address(text: str) -> bool:
    try:
        address = urlsplit(text)
        return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:  # a port that is no number, half of a bracket
        return False


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise PydanticCustomError("time_parsing", "must be a time of day without a zone")
    return value


TimeOfDay = Annotated[time, AfterValidator(_without_zone)]


class Settings(BaseSettings):
    """What an operator can decide. Times of day are local to `timezone`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding=ENCODING, env_ignore_empty=True, extra="ignore"
    )

    data: Path = Path("data")
    database_url: str = ""
    language: Literal["zh_CN", "en"] = "zh_CN"
    timezone: str = "Asia/Shanghai"
    encoder: str = ""
    school_track: Path | None = None
    work_calendar: Path | None = None

    telegram_token: SecretStr = SecretStr("")
    telegram_api: str = TELEGRAM
    telegram_per_second: float = Field(default=25.0, gt=0, le=30)

    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    metrics_token: SecretStr = SecretStr("")

    web: bool = True
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8642, ge=0, le=65535)
    web_origins: Annotated[tuple[str, ...], NoDecode] = ()

    study_time: TimeOfDay = time(8, 0)
    reminder_days: Annotated[tuple[Annotated[int, Field(ge=0, le=366)], ...], NoDecode] = (14, 7, 1, 0)
    reminder_overdue_days: int = Field(default=7, ge=1, le=90)
    reminder_third_week: bool = True
    escalate_after_days: int = Field(default=14, ge=1, le=366)
    quiet_from: TimeOfDay = time(22, 0)
    quiet_until: TimeOfDay = time(7, 30)
    reminder_time: TimeOfDay = Field(default=time(9, 0), validate_default=True)  # checked against the quiet hours above

    strict_next_day: bool = False
    activist_base: Literal["decision", "filed"] = "decision"
    count_posting_day: bool = False

    rephrase_url: str = ""
    rephrase_model: str = Field(default="", validate_default=True)
    rephrase_key: SecretStr = SecretStr("")
    rephrase_seconds: float = Field(default=6.0, gt=0, le=30)

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value:
            return value
        scheme, separator, rest = value.partition("://")
        address = f"{DRIVERS.get(scheme, scheme)}{separator}{rest}"
        if not _is_database(address):
            raise ValueError(
                "must be postgresql+asyncpg://user:password@host:port/name (@ in the password written as %40) "
                "or sqlite+aiosqlite:///file"
            )
        return address

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not a time zone; use a name such as Asia/Shanghai")
        return value

    @field_validator("reminder_time")
    @classmethod
    def _before_the_evening(cls, value: time, info: ValidationInfo) -> time:
        """A reminder is let go at midnight: written into the quiet hours before, it would reach nobody."""
        since, until = info.data.get("quiet_from", EVENING), info.data.get("quiet_until", EVENING)
        if value >= (min(since, EVENING) if since > until else EVENING):
            raise ValueError("must be before 21:00 and before the evening's quiet hours")
        return value

    @field_validator("telegram_api", "webhook_url", "rephrase_url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        if not _is_address(value) and (value or info.field_name == "telegram_api"):
            raise PydanticCustomError("address", "must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("webhook_url")
    @classmethod
    def _as_telegram_posts(cls, value: str, info: ValidationInfo) -> str:
        """Telegram itself posts by TLS alone; a Bot API server of one's own may do without."""
        if value.startswith("http://") and info.data.get("telegram_api") == TELEGRAM:
            raise ValueError("must begin with https://, as Telegram posts nowhere else")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _as_telegram_takes_it(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not HOOK_SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("must be 1 to 256 letters, digits, _ or -")
        return value

    @field_validator("web_origins")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_is_address, value)):
            raise ValueError("must be addresses such as https://waymark.example.edu.cn, with commas between them")
        return value

    @field_validator("rephrase_model")
    @classmethod
    def _named_if_asked(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("rephrase_url") and not value:
            raise ValueError("must name the model that WAYMARK_REPHRASE_URL is to use")
        return value

    @field_validator("web_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("reminder_days", mode="before")
    @classmethod
    def _split_days(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def zone(self) -> ZoneInfo:
        """The school's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def page(self) -> str:
        """Where people find the page: the first of `web_origins`, else this machine's own address."""
        return self.web_origins[0].rstrip("/") if self.web_origins else f"http://{self.web_host}:{self.web_port}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that are written nowhere."""
        values = (getattr(self, name) for name in type(self).model_fields)
        kept = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        credentials, found, _ = self.database_url.partition("://")[2].partition("@")
        password = credentials.partition(":")[2] if found else ""  # as SQLAlchemy reads it: a / may stand in it
        return tuple(secret for secret in (*kept, password, unquote(password)) if secret)

    @property
    def database(self) -> str:
        """The database's address: the one given, or the embedded file under `data`."""
        return self.database_url or sqlite_url(str(self.data / "waymark.db"))


def load_settings(**overrides: object) -> Settings:
    """Read the environment and `.env`.

    Raises:
        WrongSetting: naming the key, the value and what is allowed; the values of secrets are not repeated.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # the values are checked by pydantic itself
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        value = "…" if name.endswith(SECRET) else first.get("input")
        value = f"{value:%H:%M}" if isinstance(value, time) else value
        problem = _problem(str(first["type"]), first["msg"], first.get("ctx", {}), name)
        raise WrongSetting(name=name, value=value, problem=problem) from error


def _problem(kind: str, message: str, limits: dict[str, Any], name: str) -> str:
    """What is allowed, worded where it takes words."""
    match kind:
        case "literal_error":
            return str(limits["expected"]).replace(", ", " / ").replace(" or ", " / ")
        case "less_than_equal" | "greater_than_equal" | "greater_than" | "less_than":
            (limit,) = limits.values()
            return f"{SIGNS[kind]} {limit}"
        case "value_error":
            return Term(message.removeprefix("Value error, "), f"setting.{name.removeprefix(PREFIX).lower()}")
    return Term(message, f"setting.{kind}" if kind in WORDED else "setting.other")
