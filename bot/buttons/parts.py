"""The parts of what a press says. A forger may write anything there: what cannot be is no press of ours."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Id = Annotated[int, Field(ge=0, lt=2**63)]
"""The number of something that is kept; 0 is nothing in particular."""
Place = Annotated[int, Field(ge=-1, lt=2**31)]
"""A page, or a place in a list; -1 is none."""
Name = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""An id that is a text, or one of few words; never a text of people's."""
