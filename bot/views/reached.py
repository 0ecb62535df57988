"""Who was told of what was recorded for many: nothing is claimed that was not sent."""

from __future__ import annotations

from bot.deeds.importing import Reached


def told_keys(reached: Reached) -> list[str]:
    """The sentences that are true, with the fields `told` and `absent`."""
    said = ["steps.told"] if reached.told else []
    return [*said, "steps.absent"] if reached.absent else said
