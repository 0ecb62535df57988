"""The methods around the conversation, and all that only set and get. Called with the world's lock held."""

from __future__ import annotations

from typing import Any

from . import editing, sending  # noqa: F401 - importing them fills METHODS
from .params import Params
from .refusals import bad_request, not_found
from .registry import method
from .world import World

MAX_DOWNLOAD = 20 * 1024 * 1024  # a bot cannot fetch more


@method("sendChatAction")
def send_chat_action(world: World, params: Params) -> bool:
    world.chat(params.chat_id())
    if not params.text("action"):
        raise bad_request("wrong parameter action in request")
    return True


@method("getFile")
def get_file(world: World, params: Params) -> dict[str, Any]:
    stored = world.files.get(params.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    if len(stored.data) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_size": len(stored.data),
        "file_path": stored.path,
    }


@method("getMe")
def get_me(world: World, params: Params) -> dict[str, Any]:
    can = ("can_join_groups", "has_main_web_app", "can_connect_to_business", "can_read_all_group_messages")
    return {**world.bot, **dict.fromkeys(can, False), "supports_inline_queries": False}


@method("getChat")
def get_chat(world: World, params: Params) -> dict[str, Any]:
    chat = world.chat(params.chat_id())
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    extra = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, True)}
    return {**chat.brief(), **extra}


@method("setWebhook")
def set_webhook(world: World, params: Params) -> bool:
    secret = params.text("secret_token")
    if len(secret) > 256 or not all(c.isascii() and (c.isalnum() or c in "_-") for c in secret):
        raise bad_request("secret token contains unallowed characters")
    hook = world.webhook
    hook.url, hook.secret = params.text("url"), secret
    hook.max_connections = params.integer("max_connections", 40)
    hook.last_error = ""
    _remember_allowed(world, params)
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    for wake in world.on_update:
        wake()
    return True


@method("deleteWebhook")
def delete_webhook(world: World, params: Params) -> bool:
    world.webhook.url = ""
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    return True


@method("getWebhookInfo")
def get_webhook_info(world: World, params: Params) -> dict[str, Any]:
    hook = world.webhook
    error = {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error} if hook.last_error else {}
    return {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
        "max_connections": hook.max_connections,
        **error,
    }


def _remember_allowed(world: World, params: Params) -> None:
    if params.get("allowed_updates") is not None:
        world.updates.allowed = list(params.get("allowed_updates"))


def take_updates(world: World, params: Params) -> list[dict[str, Any]]:
    """One look of getUpdates at the queue; the waiting is the server's."""
    _remember_allowed(world, params)
    return world.updates.batch(params.integer("offset"), min(100, max(1, params.integer("limit", 100))))


def other_method(world: World, name: str, params: Params) -> Any:
    """Methods that only set and get something: kept and given back; the rest says that it is not emulated."""
    if name.startswith("set") or world.schema.returns(name) == ["Boolean"]:
        if params.chat_id() is not None and name != "setMyCommands":
            world.chat(params.chat_id())
        world.settings[name] = dict(params.values)
        return True
    kept = world.settings.get(f"set{name.removeprefix('get')}", {})
    if name == "getMyCommands":
        return kept.get("commands", [])
    if name in ("getMyName", "getMyDescription", "getMyShortDescription"):
        key = {"getMyName": "name", "getMyDescription": "description"}.get(name, "short_description")
        return {key: kept.get(key, world.bot["first_name"] if key == "name" else "")}
    if name == "getChatMenuButton":
        return kept.get("menu_button", {"type": "commands"})
    if not world.schema.is_loaded:
        raise not_found()
    world.violations.append(f"{name} is not emulated")
    raise bad_request(f"{name} is not emulated")
