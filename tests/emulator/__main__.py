"""`python -m tests.emulator --port N`: the emulator as a process, steered over /emulator/ (see control.py)."""

from __future__ import annotations

import argparse
import threading

from .control import add_users
from .emulator import FIRST_USER_ID, TOKEN, Emulator
from .schema import SCHEMA_FILE


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--seed", type=int, default=20260511)
    parser.add_argument("--users", type=int, default=0, help="so many people who have started the bot")
    parser.add_argument("--first-user-id", type=int, default=FIRST_USER_ID)
    parser.add_argument("--limits", action="store_true", help="Telegram's own rate limits")
    parser.add_argument("--no-schema", action="store_true", help="no checks of requests (faster)")
    options = parser.parse_args()
    emulator = Emulator(
        token=options.token,
        port=options.port,
        seed=options.seed,
        limits=options.limits,
        schema_file=None if options.no_schema else SCHEMA_FILE,
    )
    add_users(emulator.world, options.users, options.first_user_id)
    with emulator:
        print(f"Telegram is emulated at {emulator.address}, token {emulator.token}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
