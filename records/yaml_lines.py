"""YAML checked by pydantic, with the line and key of whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, overload

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from storage.errors import Term, WaymarkError

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")
Key = str | int
Lines = dict[tuple[Key, ...], int]
# Kinds of pydantic's errors, or what they begin with.
_WORDED = {
    "missing": "yaml.missing",
    "extra_forbidden": "yaml.unknown_key",
    "int": "yaml.whole_number",
    "float": "yaml.number",
    "bool": "yaml.yes_or_no",
    "date": "yaml.date",
    "string": "yaml.words",
    "tuple": "yaml.list",
    "list": "yaml.list",
    "dict": "yaml.pairs",
    "model": "yaml.pairs",
}

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # written in C where it is there: ten times as fast


class TrackFileWrong(WaymarkError):
    """A track file that says something wrong or unknown."""

    key = "error.track_file"
    sentence = "{file}, line {line}, at `{at}`: {problem}."


class TrackFileMissing(TrackFileWrong):
    """A track file that the settings name and that is not there."""

    key = "error.track_file_missing"
    sentence = "There is no file {file}: check WAYMARK_SCHOOL_TRACK, or leave it empty."


@overload
def read_checked(path: Path, model: type[Model]) -> Model: ...
@overload
def read_checked(path: Path, model: type[Model], then: Callable[[Model], Result]) -> Result: ...
def read_checked(path: Path, model: type[Model], then: Callable[[Model], Any] | None = None) -> Any:
    """The file as `model`, then handed to `then`, whose ValueError is reported like one of the file.

    Raises:
        TrackFileWrong: names file, line and key.
    """
    text = _text(path)
    lines: Lines = {(): 1}
    try:
        root = yaml.compose(text, Loader=LOADER)
        loaded = {} if root is None else _plain(root, (), lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not valid YAML"
        if not isinstance(problem, Term):
            problem = Term(problem, "yaml.invalid")
        raise TrackFileWrong(file=path.name, line=mark.line + 1 if mark else 1, at="-", problem=problem) from error
    try:
        checked = model.model_validate(loaded)
        return checked if then is None else then(checked)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(path, tuple(first["loc"]), lines, _worded(first), text) from error
    except ValueError as error:
        raise _wrong(path, (), lines, _term_of(error), text) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise TrackFileMissing(file=str(path)) from error
    except OSError as error:
        problem = Term("the file cannot be opened", "yaml.not_opened")
        raise TrackFileWrong(file=path.name, line=1, at="-", problem=problem) from error
    except UnicodeDecodeError as error:
        problem = Term("this is not a readable UTF-8 text", "yaml.not_utf8")
        raise TrackFileWrong(file=path.name, line=1, at="-", problem=problem) from error


def _worded(error: ErrorDetails) -> str:
    """What pydantic found, as a term; what is rare has one general wording."""
    limits = error.get("ctx", {})
    kind = str(error["type"])
    if kind == "value_error":
        return _term_of(limits["error"])
    if kind in ("literal_error", "enum"):
        allowed = str(limits["expected"]).replace("'", "").replace(" or ", ", ")
        return Term(error["msg"], "yaml.one_of", allowed=allowed)
    if kind == "greater_than_equal":
        return Term(error["msg"], "yaml.at_least", limit=limits["ge"])
    if kind == "less_than_equal":
        return Term(error["msg"], "yaml.at_most", limit=limits["le"])
    if kind == "string_too_long":
        return Term(error["msg"], "yaml.too_long", most=limits["max_length"])
    return Term(error["msg"], _WORDED.get(kind) or _WORDED.get(kind.split("_")[0], "yaml.other"))


def _term_of(error: BaseException) -> str:
    """The problem that a check of ours raised, with its wording where it has one."""
    problem = error.args[0] if error.args else str(error)
    return problem if isinstance(problem, Term) else Term(str(problem), "yaml.other")


def _wrong(path: Path, where: tuple[Key, ...], lines: Lines, problem: str, text: str) -> TrackFileWrong:
    """The error at its key; where pydantic names none, at the first line that holds the name quoted in the problem."""
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
            if not isinstance(key_node, yaml.ScalarNode):
                raise _misplaced("a name is expected here", "yaml.key", key_node)
            key = _plain(key_node, (*where, "(key)"), lines)
            if key in found:
                raise _misplaced(f"the key '{key}' stands there twice", "yaml.twice", key_node, name=str(key))
            lines[(*where, key)] = key_node.start_mark.line + 1
            found[key] = _plain(value_node, (*where, key), lines)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*where, place), lines) for place, item in enumerate(node.value)]
    try:
        return yaml.SafeLoader("").construct_object(node)
    except ValueError:  # 2026-02-30 looks like a date
        raise _misplaced("there is no such day", "yaml.date", node) from None


def _misplaced(problem: str, key: str, node: yaml.Node, **values: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(problem=Term(problem, key, **values), problem_mark=node.start_mark)


def _written(where: tuple[Key, ...]) -> str:
    """`rules[3].offset`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "-"
