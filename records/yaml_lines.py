"""YAML checked by pydantic, with the line and key of whatever is wrong."""

from __future__ import annotations

import re
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

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # written in C where it is there: ten times as fast


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
        root = yaml.compose(text, Loader=LOADER)
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
        raise _wrong(path, tuple(first["loc"]), lines, first["msg"], text) from error
    except ValueError as error:
        raise _wrong(path, (), lines, str(error), text) from error


def _wrong(path: Path, where: tuple[Key, ...], lines: Lines, problem: str, text: str) -> TrackFileWrong:
    """The error at its key; where pydantic names none, at the first line that holds the name quoted in the problem."""
    problem = problem.removeprefix("Value error, ")
    line = next(lines[where[:length]] for length in range(len(where), -1, -1) if where[:length] in lines)
    if not where and "'" in problem:
        name = re.compile(rf"(?<![\w.]){re.escape(problem.split(chr(39))[1])}(?![\w.])")
        line = next((n for n, written in enumerate(text.splitlines(), start=1) if name.search(written)), 1)
        where = max((at for at, at_line in lines.items() if at_line == line and "(key)" not in at), key=len, default=())
    return TrackFileWrong(file=path.name, line=line, at=_written(where), problem=problem)


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


def _written(where: tuple[Key, ...]) -> str:
    """`rules[3].offset`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "-"
