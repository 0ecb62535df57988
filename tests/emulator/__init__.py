"""A Telegram Bot API of our own: a real HTTP server, people who use it, and everything that can go wrong."""

from .emulator import TOKEN, Emulator
from .faults import Fault
from .person import Person, Press, Seen
from .world import Chat, Effect, Request

__all__ = ["TOKEN", "Chat", "Effect", "Emulator", "Fault", "Person", "Press", "Request", "Seen"]
