"""The other end of the conversation: what a person does, and what they see."""

from __future__ import annotations

import asyncio
import mimetypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import markup
from .content import document_content, photo_content
from .world import CallbackQuery, Chat, Message, World

Wish = str | Callable[["Seen"], bool]


@dataclass(frozen=True)
class Seen:
    """One message as the person sees it at this moment."""

    raw: Message
    revision: int
    from_bot: bool

    @property
    def message_id(self) -> int:
        return int(self.raw["message_id"])

    @property
    def text(self) -> str:
        """Text, caption or question; without markup."""
        return str(self.raw.get("text") or self.raw.get("caption") or self.raw.get("poll", {}).get("question") or "")

    @property
    def entities(self) -> list[dict[str, Any]]:
        return list(self.raw.get("entities") or self.raw.get("caption_entities") or [])

    @property
    def on_a_locked_screen(self) -> str:
        """The text without what is covered there: spoilers, which an open conversation shows at a tap."""
        text = self.text.encode("utf-16-le")
        for entity in sorted(self.entities, key=lambda one: -int(one["offset"])):
            if entity["type"] == "spoiler":
                start = 2 * int(entity["offset"])
                text = text[:start] + text[start + 2 * int(entity["length"]) :]
        return text.decode("utf-16-le").strip()

    @property
    def buttons(self) -> list[list[str]]:
        """Labels of the inline buttons, row by row."""
        return [[button["text"] for button in row] for row in self.inline_rows]

    @property
    def inline_rows(self) -> list[list[dict[str, Any]]]:
        return list(self.raw.get("reply_markup", {}).get("inline_keyboard", []))

    @property
    def was_edited(self) -> bool:
        return "edit_date" in self.raw

    @property
    def file_id(self) -> str | None:
        """Of the document or the picture in it."""
        if "photo" in self.raw:
            return str(self.raw["photo"][-1]["file_id"])
        return str(self.raw["document"]["file_id"]) if "document" in self.raw else None

    @property
    def file_name(self) -> str | None:
        return str(self.raw["document"]["file_name"]) if "document" in self.raw else None

    def satisfies(self, wish: Wish) -> bool:
        return wish in self.text if isinstance(wish, str) else bool(wish(self))


@dataclass
class Press:
    """A pressed inline button, whose little answer can be waited for."""

    query: CallbackQuery
    world: World

    def waits_for_answer(self, timeout: float = 10) -> str:
        """The text of answerCallbackQuery, empty when it only stopped the spinner."""
        with self.world.changed:
            if not self.world.changed.wait_for(lambda: self.query.answer is not None, timeout):
                raise TimeoutError("the button press was not answered")
            return str((self.query.answer or {}).get("text", ""))


class Person:
    """One user of Telegram in the private chat with the bot (or, where `where` is given, in a group).

    Synchronous and thread-safe. In an async test that runs the bot in its own loop use `hears`, never `waits_for`.
    """

    def __init__(self, world: World, chat: Chat) -> None:
        self.world = world
        self._private = chat
        self._acted_at = world.revision

    @property
    def id(self) -> int:
        return self._private.id

    @property
    def chat(self) -> list[Seen]:
        """All messages as they stand now, own ones too, oldest first."""
        return self._seen(self._private)

    def chat_in(self, where: Chat) -> list[Seen]:
        return self._seen(where)

    def _seen(self, chat: Chat) -> list[Seen]:
        with self.world.changed:
            return [
                Seen(message, chat.revisions[number], message["from"]["id"] == self.world.bot["id"])
                for number, message in sorted(chat.messages.items())
            ]

    @property
    def heard(self) -> list[Seen]:
        """The bot's messages."""
        return [message for message in self.chat if message.from_bot]

    @property
    def last(self) -> Seen:
        """The bot's newest message."""
        return self.heard[-1]

    @property
    def keyboard(self) -> list[list[str]]:
        """The reply keyboard below the input field."""
        return [list(row) for row in self._private.keyboard]

    def says(self, text: str, *, where: Chat | None = None, reply_to: Seen | None = None) -> Seen:
        if not 0 < markup.units(text) <= markup.MAX_TEXT:
            raise ValueError("nobody can type such a message: 1 to 4096 UTF-16 units")
        content: dict[str, Any] = {"text": text}
        if commands := markup.commands_in(text):
            content["entities"] = commands
        if reply_to is not None:
            content["reply_to_message"] = reply_to.raw
        return self._posts(content, where)

    def sends_document(self, data: bytes, file_name: str, *, caption: str = "", mime: str | None = None) -> Seen:
        with self.world.changed:
            kind = mime or mimetypes.guess_type(file_name)[0] or "application/octet-stream"
            content = document_content(self.world.store(data, file_name, kind, "documents"))
            return self._posts({**content, "caption": caption} if caption else content, None)

    def sends_photo(self, data: bytes, *, caption: str = "") -> Seen:
        with self.world.changed:
            content = photo_content(self.world.store(data, "photo.jpg", "image/jpeg", "photos"))
            return self._posts({**content, "caption": caption} if caption else content, None)

    def edits(self, message: Seen, text: str) -> None:
        """Change an own message afterwards."""
        with self.world.changed:
            edited = {**message.raw, "text": text, "edit_date": int(time.time())}
            self._private.messages[message.message_id] = edited
            self._acted_at = self.world.touch(self._private, message.message_id)
            self.world.add_update("edited_message", edited)

    def _posts(self, content: dict[str, Any], where: Chat | None) -> Seen:
        chat = where or self._private
        with self.world.changed:
            self._private.started = True
            message = self.world.post(chat, content, sender=self._private.as_user())
            self._acted_at = self.world.revision
            self.world.add_update("message", message)
            return Seen(message, self._acted_at, from_bot=False)

    def presses(self, label: str, message: Seen | None = None) -> Press:
        """Press an inline button by its label, its data, or a part of its label; the newest message that has it.

        Args:
            message: press it on this one, even if the bot has deleted it meanwhile (the person's screen may lag).
        """
        with self.world.changed:
            candidates = [message] if message else list(reversed(self.heard))
            for fits in (_is_exactly, _is_part):
                for seen in candidates:
                    for button in (button for row in seen.inline_rows for button in row):
                        if "callback_data" in button and fits(label, button):
                            return self._press(seen, button)
            on_screen = [seen.buttons for seen in candidates if seen.buttons]
        raise LookupError(f"no button {label!r} to press; there are {on_screen[:5]}")

    def taps(self, label: str) -> Seen:
        """Tap a button of the reply keyboard, which says its label."""
        if not any(label in row for row in self.keyboard):
            raise LookupError(f"no key {label!r}; there are {self.keyboard}")
        return self.says(label)

    def _press(self, seen: Seen, button: dict[str, Any]) -> Press:
        query = self.world.new_query(self._private)
        self._acted_at = self.world.touch(self._private)
        self.world.add_update(
            "callback_query",
            {
                "id": query.id,
                "from": self._private.as_user(),
                "message": seen.raw,
                "chat_instance": str(self.id),
                "data": button["callback_data"],
            },
        )
        return Press(query, self.world)

    def votes(self, message: Seen, *options: int) -> None:
        """Vote in a poll or answer a quiz that is not anonymous."""
        with self.world.changed:
            poll = message.raw["poll"]
            for at in options:
                poll["options"][at]["voter_count"] += 1
            poll["total_voter_count"] += 1
            self._acted_at = self.world.touch(self._private, message.message_id)
            self.world.add_update("poll", poll)
            if not poll["is_anonymous"]:
                answer = {
                    "poll_id": poll["id"],
                    "user": self._private.as_user(),
                    "option_ids": list(options),
                    "option_persistent_ids": [poll["options"][at]["persistent_id"] for at in options],
                }
                self.world.add_update("poll_answer", answer)

    def blocks(self) -> None:
        """Stop the bot: whatever it sends now is refused with 403."""
        self._membership(blocked=True)

    def unblocks(self) -> None:
        self._membership(blocked=False)

    def deletes_account(self) -> None:
        """Gone for good; the bot hears of it only when it writes."""
        with self.world.changed:
            self._private.deactivated = True

    def _membership(self, *, blocked: bool) -> None:
        with self.world.changed:
            self._private.blocked = blocked
            member = {"status": "member", "user": self.world.bot}
            kicked = {"status": "kicked", "user": self.world.bot, "until_date": 0}
            self.world.add_update(
                "my_chat_member",
                {
                    "chat": self._private.brief(),
                    "from": self._private.as_user(),
                    "date": int(time.time()),
                    "old_chat_member": member if blocked else kicked,
                    "new_chat_member": kicked if blocked else member,
                },
            )

    def waits_for(self, wish: Wish = "", timeout: float = 10, *, since: int | None = None) -> Seen:
        """The bot's first message or edit that fits, after this person's last action (or after revision `since`).

        Args:
            wish: a part of the text, or a test of the message. The empty string is any message.

        Raises:
            TimeoutError: naming what the person saw instead.
        """
        found: list[Seen] = []
        begin = self._acted_at if since is None else since

        def came() -> bool:
            fresh = [seen for seen in self.heard if seen.revision > begin and seen.satisfies(wish)]
            found[:] = sorted(fresh, key=lambda seen: seen.revision)
            return bool(found)

        with self.world.changed:
            if self.world.changed.wait_for(came, timeout):
                return found[0]
            saw = [seen.text[:200] for seen in self.heard if seen.revision > begin]
        raise TimeoutError(f"{wish!r} did not come within {timeout} s; the person saw {saw}")

    async def hears(self, wish: Wish = "", timeout: float = 10, *, since: int | None = None) -> Seen:  # noqa: ASYNC109 - the same name as in its twin
        """`waits_for` without holding up the event loop."""
        return await asyncio.to_thread(self.waits_for, wish, timeout, since=since)

    def waits_until(self, condition: Callable[[Sequence[Seen]], bool], timeout: float = 10) -> list[Seen]:
        """The chat as soon as it looks so (for counting, deletions, edits)."""
        with self.world.changed:
            if self.world.changed.wait_for(lambda: condition(self.chat), timeout):
                return self.chat
            saw = [seen.text[:100] for seen in self.chat]
        raise TimeoutError(f"the chat did not come to look so within {timeout} s; it holds {saw}")


def _is_exactly(label: str, button: dict[str, Any]) -> bool:
    return label in (button["text"], button["callback_data"])


def _is_part(label: str, button: dict[str, Any]) -> bool:
    return label in button["text"]
