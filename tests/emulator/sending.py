"""The methods that put a new message into a chat. Called with the world's lock held."""

from __future__ import annotations

import time
from typing import Any

from . import markup
from .content import captioned, document_content, formatted, photo_content, stored_file, without_empty
from .params import Params
from .refusals import bad_request, too_many_requests
from .registry import method
from .world import Chat, Message, World


def check_limits(world: World, chat: Chat, messages: int = 1) -> None:
    wait = world.limits.retry_after(chat.id, is_group=chat.is_group, messages=messages, now=time.monotonic())
    if wait:
        raise too_many_requests(wait)


def _send(world: World, params: Params, content: dict[str, Any], chat: Chat) -> Message:
    keyboard = markup.checked_keyboard(params.get("reply_markup"))
    reply = params.get("reply_parameters") or {}
    if reply:
        if (answered := chat.messages.get(int(reply.get("message_id", 0)))) is not None:
            content["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
        elif not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
    check_limits(world, chat)
    if keyboard and "inline_keyboard" in keyboard:
        content["reply_markup"] = keyboard
    elif keyboard and "keyboard" in keyboard:
        chat.keyboard = [[b if isinstance(b, str) else b["text"] for b in row] for row in keyboard["keyboard"]]
    elif keyboard and keyboard.get("remove_keyboard"):
        chat.keyboard = []
    return world.post(chat, content, sender=world.bot)


@method("sendMessage")
def send_message(world: World, params: Params) -> Message:
    chat = world.chat(params.chat_id())
    text, entities = formatted(params, "text", markup.MAX_TEXT, world=world)
    if not text:
        raise bad_request("message text is empty")
    return _send(world, params, without_empty({"text": text, "entities": entities}), chat)


@method("sendDocument")
def send_document(world: World, params: Params) -> Message:
    chat = world.chat(params.chat_id())
    caption = captioned(params, world)
    stored = stored_file(world, params, params.get("document"), "document")
    return _send(world, params, {**document_content(stored), **caption}, chat)


@method("sendPhoto")
def send_photo(world: World, params: Params) -> Message:
    chat = world.chat(params.chat_id())
    caption = captioned(params, world)
    stored = stored_file(world, params, params.get("photo"), "photo")
    return _send(world, params, {**photo_content(stored), **caption}, chat)


@method("sendMediaGroup")
def send_media_group(world: World, params: Params) -> list[Message]:
    chat = world.chat(params.chat_id())
    media = params.get("media") or []
    if not isinstance(media, list) or not 2 <= len(media) <= 10:
        raise bad_request("there must be 2-10 media in the group")  # a group of one is a plain message
    contents = []
    for item in media:
        show = {"photo": photo_content, "document": document_content}.get(item.get("type"))
        if show is None:
            raise bad_request(f"media type {item.get('type')} is not emulated")
        contents.append({**show(stored_file(world, params, item.get("media"), "media")), **captioned(item, world)})
    check_limits(world, chat, len(contents))
    group = str(world.revision + 1)
    return [world.post(chat, {**one, "media_group_id": group}, sender=world.bot) for one in contents]


@method("sendPoll")
def send_poll(world: World, params: Params) -> Message:
    chat = world.chat(params.chat_id())
    options = [one if isinstance(one, str) else one.get("text", "") for one in params.get("options") or []]
    question = params.text("question").strip()
    if not 1 <= markup.units(question) <= 300:
        raise bad_request("poll question must be non-empty and at most 300 characters long")
    if not 1 <= len(options) <= 12:
        raise bad_request("poll must have at least 1 and at most 12 options")
    if any(not 1 <= markup.units(option) <= 100 for option in options):
        raise bad_request("poll options must be non-empty and at most 100 characters long")
    kind = params.text("type") or "regular"
    correct = params.get("correct_option_ids")
    if kind == "quiz" and not correct:
        raise bad_request("wrong correct option ID specified")
    poll: dict[str, Any] = {
        "id": world.new_poll_id(),
        "question": question,
        "options": [{"persistent_id": str(at), "text": option, "voter_count": 0} for at, option in enumerate(options)],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": not (params.get("is_anonymous") is not None and not params.flag("is_anonymous")),
        "type": kind,
        "allows_multiple_answers": params.flag("allows_multiple_answers"),
        "allows_revoting": params.flag("allows_revoting"),
        "members_only": params.flag("members_only"),
    }
    if correct:
        poll["correct_option_ids"] = correct
    message = _send(world, params, {"poll": poll}, chat)
    world.polls[poll["id"]] = (chat.id, message["message_id"])
    return message


@method("copyMessage")
def copy_message(world: World, params: Params) -> dict[str, int]:
    chat = world.chat(params.chat_id())
    source = world.chats.get(params.integer("from_chat_id"))
    original = source.messages.get(params.integer("message_id")) if source else None
    if original is None:
        raise bad_request("message to copy not found")
    content = {k: v for k, v in original.items() if k in ("text", "entities", "caption", "photo", "document")}
    return {"message_id": _send(world, params, content, chat)["message_id"]}
