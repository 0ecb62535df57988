"""Pictures are set in a font that holds their characters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_FORGETS = """
from matplotlib import font_manager, get_cachedir
manager = font_manager.fontManager
manager.ttflist = [font for font in manager.ttflist if "DejaVu" in font.name]
font_manager.json_dump(manager, f"{get_cachedir()}/fontlist-v{font_manager.FontManager.__version__}.json")
"""
_LOOKS = """
from matplotlib import font_manager
assert not [font for font in font_manager.fontManager.ttflist if "CJK" in font.name]
from bot.views.picture import chinese_font
print(chinese_font())
"""


def test_a_font_that_was_installed_after_the_first_start_is_found(tmp_path: Path) -> None:
    for program in (_FORGETS, _LOOKS):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )

    assert Path(done.stdout.strip()).is_file()
