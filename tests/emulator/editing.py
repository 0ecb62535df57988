"""The methods that change or remove what a person sees. Called with the world's lock held."""

from __future__ import annotations

import time
from typing import Any

from . import markup
from .content import captioned, formatted, without_empty
from .params import Params
from .refusals import bad_request
from .registry import method
from .sending import check_limits
from .world import Chat, Message, World


def _own_message(world: World, params: Params, what: str) -> tuple[Chat, Message]:
    chat = world.chat(params.chat_id())
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request(f"message to {what} not found")
    if what == "edit" and message["from"]["id"] != world.bot["id"]:
        raise bad_request("message can't be edited")
    return chat, message


def _edit(world: World, params: Params, change: dict[str, Any], gone: tuple[str, ...]) -> Message:
    """Replace the fields named in `gone`, and the inline keyboard, by what is given."""
    chat, message = _own_message(world, params, "edit")
    keyboard = markup.checked_keyboard(params.get("reply_markup"))
    if keyboard and "inline_keyboard" not in keyboard:
        raise bad_request("inline keyboard expected")
    if keyboard and keyboard["inline_keyboard"]:
        change["reply_markup"] = keyboard
    edited = {name: value for name, value in message.items() if name not in (*gone, "reply_markup")} | change
    if {**edited, "edit_date": 0} == {**message, "edit_date": 0}:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    check_limits(world, chat)
    edited["edit_date"] = int(time.time())
    chat.messages[message["message_id"]] = edited
    world.touch(chat, message["message_id"])
    return edited


@method("editMessageText")
def edit_message_text(world: World, params: Params) -> Message:
    _, message = _own_message(world, params, "edit")
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    text, entities = formatted(params, "text", markup.MAX_TEXT, world=world)
    if not text:
        raise bad_request("message text is empty")
    return _edit(world, params, without_empty({"text": text, "entities": entities}), ("text", "entities"))


@method("editMessageCaption")
def edit_message_caption(world: World, params: Params) -> Message:
    _, message = _own_message(world, params, "edit")
    if not {"photo", "document"} & set(message):
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, params, captioned(params, world), ("caption", "caption_entities"))


@method("editMessageReplyMarkup")
def edit_message_reply_markup(world: World, params: Params) -> Message:
    return _edit(world, params, {}, ())


@method("deleteMessage")
def delete_message(world: World, params: Params) -> bool:
    chat, message = _own_message(world, params, "delete")
    del chat.messages[message["message_id"]]
    world.touch(chat)
    return True


@method("deleteMessages")
def delete_messages(world: World, params: Params) -> bool:
    chat = world.chat(params.chat_id())
    for message_id in params.get("message_ids") or []:
        chat.messages.pop(int(message_id), None)
    world.touch(chat)
    return True


@method("answerCallbackQuery")
def answer_callback_query(world: World, params: Params) -> bool:
    query = world.queries.get(params.text("callback_query_id"))
    if query is None or query.answer is not None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if markup.units(params.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = {"text": params.text("text"), "show_alert": params.flag("show_alert")}
    world.changed.notify_all()
    return True
