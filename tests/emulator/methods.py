"""What each Bot API method does to the world. Called with the world's lock held."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from . import markup
from .params import Params, Upload
from .refusals import Refusal, bad_request, not_found, too_many_requests
from .world import Chat, Message, StoredFile, World

Method = Callable[[World, Params], Any]
METHODS: dict[str, Method] = {}
MAX_DOWNLOAD = 20 * 1024 * 1024  # a bot cannot fetch more
MAX_UPLOAD = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024


def method(name: str) -> Callable[[Method], Method]:
    def register(does: Method) -> Method:
        METHODS[name.lower()] = does
        return does

    return register


def formatted(params: dict[str, Any] | Params, name: str, most: int, *, world: World) -> tuple[str, list[Any]]:
    """A text field after parsing and trimming, with its entities."""
    text = str(params.get(name) or "")
    mode = str(params.get("parse_mode") or "").lower()
    entities = params.get("entities" if name == "text" else f"{name}_entities") or []
    if mode == "html":
        text, entities = markup.parse_html(text)
    elif mode in ("markdown", "markdownv2"):
        world.warnings.append(f"parse_mode {mode} is not emulated: the text is shown as it is")
    elif mode:
        raise bad_request("unsupported parse_mode")
    text, entities = markup.trimmed(text, entities)
    if markup.units(text) > most:
        raise bad_request("message is too long" if name == "text" else f"message {name} is too long")
    return text, entities


def captioned(params: dict[str, Any] | Params, world: World) -> dict[str, Any]:
    caption, entities = formatted(params, "caption", markup.MAX_CAPTION, world=world)
    return _without_empty({"caption": caption, "caption_entities": entities})


def _without_empty(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}


def _limited(world: World, chat: Chat, messages: int = 1) -> None:
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
    _limited(world, chat)
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
    return _send(world, params, _without_empty({"text": text, "entities": entities}), chat)


def _stored(world: World, params: Params, reference: Any, field: str) -> StoredFile:
    upload = params.upload(reference) or params.uploads.get(field)
    if upload is not None:
        return _kept(world, upload, "photos" if field == "photo" else "documents")
    if isinstance(reference, str) and reference in world.files:
        return world.files[reference]
    if not reference:
        raise bad_request(f"there is no {field} in the request")
    if str(reference).startswith("attach://"):
        raise bad_request(f"{field} file is not found in the request")
    if str(reference).startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    raise bad_request("wrong remote file identifier specified: Wrong string length")


def _kept(world: World, upload: Upload, folder: str) -> StoredFile:
    if not upload.data:
        raise bad_request("file must be non-empty")
    if len(upload.data) > MAX_UPLOAD:
        raise Refusal(413, "Request Entity Too Large")
    return world.store(upload.data, upload.name, upload.mime, folder)


def document_content(stored: StoredFile) -> dict[str, Any]:
    about = {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_name": stored.name,
        "mime_type": stored.mime,
        "file_size": len(stored.data),
    }
    return {"document": _without_empty(about)}


def photo_content(stored: StoredFile) -> dict[str, Any]:
    """Photos are really looked at: what is no picture is refused as Telegram refuses it."""
    from PIL import Image, UnidentifiedImageError

    if len(stored.data) > MAX_PHOTO:
        raise bad_request("file is too big for a photo")
    try:
        width, height = Image.open(io.BytesIO(stored.data)).size
    except (UnidentifiedImageError, OSError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    size = {"file_id": stored.file_id, "file_unique_id": stored.unique_id, "width": width, "height": height}
    return {"photo": [{**size, "file_size": len(stored.data)}]}


@method("sendDocument")
def send_document(world: World, params: Params) -> Message:
    chat = world.chat(params.chat_id())
    caption = captioned(params, world)
    stored = _stored(world, params, params.get("document"), "document")
    return _send(world, params, {**document_content(stored), **caption}, chat)


@method("sendPhoto")
def send_photo(world: World, params: Params) -> Message:
    chat = world.chat(params.chat_id())
    caption = captioned(params, world)
    stored = _stored(world, params, params.get("photo"), "photo")
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
        contents.append({**show(_stored(world, params, item.get("media"), "media")), **captioned(item, world)})
    _limited(world, chat, len(contents))
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
    _limited(world, chat)
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
    return _edit(world, params, _without_empty({"text": text, "entities": entities}), ("text", "entities"))


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


@method("copyMessage")
def copy_message(world: World, params: Params) -> dict[str, int]:
    chat = world.chat(params.chat_id())
    source = world.chats.get(params.integer("from_chat_id"))
    original = source.messages.get(params.integer("message_id")) if source else None
    if original is None:
        raise bad_request("message to copy not found")
    content = {k: v for k, v in original.items() if k in ("text", "entities", "caption", "photo", "document")}
    return {"message_id": _send(world, params, content, chat)["message_id"]}


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
