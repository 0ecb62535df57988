"""YAML checked by pydantic, with the line and key of whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, overload

import yaml
from pydantic import BaseModel, ValidationError

from storage.errors import WaymarkError

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")
Key = str | int
Lines = dict[tuple[Key, ...], int]


class TrackFileWrong(WaymarkError):
    """A track file that says something wrong or unknown."""

    key = "error.track_file"
    sentence = "{file}, line {line}, at `{at}`: {problem}."


@overload
def read_checked(path: Path, model: type[Model]) -> Model: ...
@overload
def read_checked(path: Path, model: type[Model], then: Callable[[Model], Result]) -> Result: ...
def read_checked(path: Path, model: type[Model], then: Callable[[Model], Any] | None = None) -> Any:
    """The file as `model`, then handed to `then`, whose ValueError is reported like one of the file.

    Raises:
        TrackFileWrong: names file, line and key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TrackFileWrong(file=path.name, line=1, at="-", problem="this is not a readable UTF-8 text") from error
    lines: Lines = {(): 1}
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        loaded = {} if root is None else _plain(root, (), lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not valid YAML"
        raise TrackFileWrong(file=path.name, line=mark.line + 1 if mark else 1, at="-", problem=problem) from error
    try:
        checked = model.model_validate(loaded)
        return checked if then is None else then(checked)
    except ValidationError as error:
        first = error.errors()[0]
        where = tuple(first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise TrackFileWrong(
            file=path.name, line=_line(where, lines, problem, text), at=_written(where), problem=problem
        ) from error
    except ValueError as error:
        raise TrackFileWrong(
            file=path.name, line=_line((), lines, str(error), text), at="-", problem=str(error)
        ) from error


def _plain(node: yaml.Node, where: tuple[Key, ...], lines: Lines) -> Any:
    """The node's value, noting the line of every key on the way."""
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[Key, Any] = {}
        for key_node, value_node in node.value:
            key = _plain(key_node, (*where, "(key)"), lines)
            if key in found:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key '{key}' stands there twice", problem_mark=key_node.start_mark
                )
            lines[(*where, key)] = key_node.start_mark.line + 1
            found[key] = _plain(value_node, (*where, key), lines)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*where, place), lines) for place, item in enumerate(node.value)]
    return yaml.SafeLoader("").construct_object(node)


def _line(where: tuple[Key, ...], lines: Lines, problem: str, text: str) -> int:
    """The line of the key, or of the nearest one around it; for a whole file, the first that holds a quoted name."""
    if not where and "'" in problem:
        name = problem.split("'")[1]
        return next((n for n, line in enumerate(text.splitlines(), start=1) if name in line), 1)
    while where not in lines:
        where = where[:-1]
    return lines[where]


def _written(where: tuple[Key, ...]) -> str:
    """`rules[3].offset`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "-"
