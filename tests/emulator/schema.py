"""Checks requests against the machine-readable Bot API, where that file is at hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .params import Params

SCHEMA_FILE = Path(__file__).parents[3] / "shared" / "data" / "telegram" / "bot-api-10.1.json"


@dataclass
class Findings:
    """What is wrong with a value (violations) and what is merely unknown to the schema (warnings)."""

    violations: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Schema:
    """The methods and types of the Bot API. Without the file it knows nothing and finds nothing."""

    def __init__(self, path: Path | None = SCHEMA_FILE) -> None:
        self.methods: dict[str, Any] = {}
        self.types: dict[str, Any] = {}
        if path is not None and path.is_file():
            known = json.loads(path.read_text(encoding="utf-8"))
            self.methods, self.types = known["methods"], known["types"]
        self._names = {name.lower(): name for name in self.methods}
        self._fields = {
            name: {one["name"]: one for one in thing.get("fields", [])}
            for name, thing in {**self.types, **self.methods}.items()
        }

    @property
    def is_loaded(self) -> bool:
        return bool(self.methods)

    def name_of(self, method: str) -> str | None:
        """The method as the documentation spells it; names arrive in any case."""
        return self._names.get(method.lower())

    def returns(self, method: str) -> list[str]:
        returned: list[str] = self.methods.get(method, {}).get("returns", [])
        return returned

    def check_request(self, method: str, params: Params) -> Findings:
        """Required fields, their types all the way down, and fields that the schema does not know."""
        findings = Findings()
        if not self.is_loaded:
            return findings
        values = {**dict.fromkeys(params.uploads, ""), **params.values}
        referred = {name for name in params.uploads if name not in self._fields[method]}
        self._check_fields(method, {k: v for k, v in values.items() if k not in referred}, findings, method, loose=True)
        return findings

    def check_type(self, name: str, value: Any) -> Findings:
        """One object of the Bot API, such as an Update that we are about to send."""
        findings = Findings()
        if self.is_loaded:
            self._check(value, [name], findings, name, loose=False)
        return findings

    def _check_fields(self, thing: str, values: dict[str, Any], findings: Findings, where: str, *, loose: bool) -> None:
        fields = self._fields[thing]
        for name, one in fields.items():
            if name in values:
                self._check(values[name], one["types"], findings, f"{where}.{name}", loose=loose)
            elif one["required"]:
                findings.violations.append(f"{where}.{name} is required")
        findings.warnings += [f"{where}.{name} is unknown" for name in values if name not in fields]

    def _check(self, value: Any, types: list[str], findings: Findings, where: str, *, loose: bool) -> None:
        attempts = []
        for one in types:
            attempt = Findings()
            self._check_one(value, one, attempt, where, loose=loose)
            if not attempt.violations:
                findings.warnings += attempt.warnings
                return
            attempts.append(attempt)
        if len(attempts) == 1:
            findings.violations += attempts[0].violations
        else:
            findings.violations.append(f"{where} is none of {', '.join(types)}")

    def _check_one(self, value: Any, kind: str, findings: Findings, where: str, *, loose: bool) -> None:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                findings.violations.append(f"{where} is not an array")
                return
            for at, item in enumerate(value):
                self._check(item, [kind.removeprefix("Array of ")], findings, f"{where}[{at}]", loose=False)
        elif kind in self.types and kind != "InputFile":
            self._check_object(value, kind, findings, where)
        elif not _is_plain(value, kind, loose=loose):
            findings.violations.append(f"{where} is not {kind}")

    def _check_object(self, value: Any, kind: str, findings: Findings, where: str) -> None:
        if isinstance(value, str) and kind == "KeyboardButton":
            return
        if not isinstance(value, dict):
            findings.violations.append(f"{where} is not {kind}")
        elif subtypes := self.types[kind].get("subtypes"):
            self._check(value, subtypes, findings, where, loose=False)
        else:
            self._check_fields(kind, value, findings, where, loose=False)


def _is_plain(value: Any, kind: str, *, loose: bool) -> bool:
    """Whether a plain value is of a kind; a form's values are loose, for all of them are text."""
    match kind:
        case "Integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                loose and isinstance(value, str) and value.lstrip("-").isdigit()
            )
        case "Float":
            return isinstance(value, int | float) or (loose and _is_number(value))
        case "Boolean":
            return isinstance(value, bool) or (loose and value in ("true", "false", "True", "False"))
        case _:
            return isinstance(value, str)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
