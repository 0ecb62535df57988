"""Reads a request's parameters from each of the encodings that the Bot API takes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser

from .params import Params, Upload
from .refusals import bad_request

MAX_PART = 64 * 1024 * 1024  # bytes, more than the 50 MB that a bot may send


async def read_params(headers: Headers, body: bytes, query: dict[str, str]) -> Params:
    """Parameters from JSON, an urlencoded form, a multipart form, or the query."""
    kind = headers.get("content-type", "")
    if kind.startswith("application/json"):
        try:
            values = json.loads(body or b"{}")
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        return Params({**query, **values}, is_form=False)
    if not kind.startswith("multipart/"):
        return Params({**query, **dict(parse_qsl(body.decode(), keep_blank_values=True))}, is_form=True)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    form = await MultiPartParser(headers, whole(), max_part_size=MAX_PART).parse()
    values, uploads = dict[str, Any](query), dict[str, Upload]()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            uploads[name] = Upload(value.filename or name, await value.read(), value.content_type)
        else:
            values[name] = value
    return Params(values, uploads, is_form=True)
