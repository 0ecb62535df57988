"""aiogram with its types built when they are needed is the same aiogram."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TELL = r"""
import json, re, sys
from pydantic import BaseModel
if sys.argv[1:] == ["lean"]:
    from bot.lean import import_aiogram
    import_aiogram()
from aiogram import methods, types
incomplete, told = 0, {}
for module in (types, methods):
    for name in module.__all__:
        kind = getattr(module, name)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            incomplete += not kind.__pydantic_complete__
            kind.model_rebuild()
            fields = {field: re.sub(' at 0x[0-9a-f]+', '', repr(info)) for field, info in kind.model_fields.items()}
            told[f"{module.__name__}.{name}"] = [kind.__pydantic_complete__, fields]
print(json.dumps([incomplete, told]))
"""


def told(*arguments: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-c", TELL, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    incomplete, types = json.loads(done.stdout)
    return incomplete, types


def test_types_are_built_when_they_are_needed_and_are_then_what_they_always_were() -> None:
    plain, lean = told(), told("lean")

    assert plain[0] == 0
    assert lean[0] > 300
    assert all(complete for complete, _ in lean[1].values())  # type: ignore[misc] (read from JSON)
    assert lean[1] == plain[1]
