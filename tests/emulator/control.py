"""Steering over HTTP, for benchmarks in which the emulator is a process of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from .faults import Fault
from .person import Person
from .world import Chat, World


def add_users(world: World, count: int, first_id: int) -> None:
    """`count` people who have started the bot, with consecutive ids."""
    with world.changed:
        for user_id in range(first_id, first_id + count):
            world.chats[user_id] = Chat(user_id, "private", {"first_name": f"用户{user_id}"}, "zh-hans")


def routes(world: World) -> list[Route]:
    """Users, sayings, faults, ledger and counts under /emulator/."""

    async def users(request: HttpRequest) -> JSONResponse:
        wanted = await request.json()
        add_users(world, wanted["count"], wanted["first_id"])
        return JSONResponse({"users": len(world.chats)})

    async def says(request: HttpRequest) -> JSONResponse:
        wanted = await request.json()
        messages = wanted if isinstance(wanted, list) else [wanted]
        for one in messages:
            Person(world, world.chats[one["user"]]).says(one["text"])
        return JSONResponse({"said": len(messages)})

    async def faults(request: HttpRequest) -> JSONResponse:
        if request.method == "DELETE":
            world.faults.clear()
        else:
            world.faults.add(Fault(**await request.json()))
        return JSONResponse({"ok": True})

    async def limits(request: HttpRequest) -> JSONResponse:
        for name, value in (await request.json()).items():
            setattr(world.limits, name, value)
        return JSONResponse({"ok": True})

    async def sent(request: HttpRequest) -> JSONResponse:
        since = int(request.query_params.get("since", 0))
        effects = [{**asdict(one), "time": one.time.timestamp()} for one in world.sent[since:]]
        return JSONResponse({"sent": effects, "next": since + len(effects)})

    async def stats(request: HttpRequest) -> JSONResponse:
        statuses: dict[str, int] = {}
        for one in list(world.requests):
            statuses[f"{one.method} {one.status}"] = statuses.get(f"{one.method} {one.status}", 0) + 1
        answer: dict[str, Any] = {
            "requests": statuses,
            "sent": len(world.sent),
            "pending_updates": len(world.updates),
            "limited": world.limits.refused,
            "impatient": sum(one.impatient for one in list(world.requests)),
            "violations": world.violations[:100],
        }
        return JSONResponse(answer)

    return [
        Route("/emulator/users", users, methods=["POST"]),
        Route("/emulator/says", says, methods=["POST"]),
        Route("/emulator/faults", faults, methods=["POST", "DELETE"]),
        Route("/emulator/limits", limits, methods=["POST"]),
        Route("/emulator/sent", sent),
        Route("/emulator/stats", stats),
    ]
