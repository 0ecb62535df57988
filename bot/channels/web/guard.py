"""Which requests are answered at all: right Host, right Origin; and the headers that keep the page to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD"})
HEALTH = "/healthz"  # asked by machines under whatever name they reach us; tells nothing
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self' {lines}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Refuses what comes under a foreign name (DNS rebinding) or from a foreign page (CSRF, hijacked sockets)."""

    def __init__(self, app: ASGIApp, hosts: Callable[[], frozenset[str]], refusal: Callable[[Headers], str]) -> None:
        """Args:
        hosts: the names, with port, under which the page may be asked for.
        refusal: the sentence for somebody who asks under another name.
        """
        self._app = app
        self._hosts = hosts
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hosts = self._hosts()
        host = headers.get("host", "").lower()
        if host not in hosts and scope["path"] != HEALTH:
            await self._refuse(scope, receive, send, 421, self._refusal(headers))
        elif _must_show_origin(scope) and _origin_host(headers) not in hosts:
            await self._refuse(scope, receive, send, 403, "Origin")
        else:
            await self._app(scope, receive, _with_headers(send, host if host in hosts else ""))

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(text, status_code=status)(scope, receive, send)


def known_hosts(address: tuple[str, int], origins: Iterable[str]) -> frozenset[str]:
    """The names under which a page at this host and port is reached, and those that the operator named."""
    host, port = address
    names = {host, "localhost", "127.0.0.1"} if host in {"localhost", "127.0.0.1"} else {host}
    names = {f"[{name}]" if ":" in name else name for name in names}
    known = {f"{name}:{port}" for name in names} | (names if port == 80 else set())
    known |= {(urlsplit(origin).netloc or origin).lower().rstrip("/") for origin in origins}
    return frozenset(known)


def _must_show_origin(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS


def _origin_host(headers: Headers) -> str | None:
    parts = urlsplit(headers.get("origin", ""))
    return parts.netloc.lower() if parts.scheme in {"http", "https"} else None


def _with_headers(send: Send, host: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", POLICY.format(lines=f"ws://{host} wss://{host}"))
        await send(message)

    return sending
