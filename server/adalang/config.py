"""Settings of a workspace: ``adalang.toml`` (or ``[tool.adalang]``), environment, command line, in rising order.

Each value knows where it came from. Wrong values are reported with the place and the mend, and the default is used.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OFFLINE_MODEL = "builtin/lexical"
CONFIG_FILE = "adalang.toml"
METRIC_SECONDS = 60.0


_EXPRESSIONS = "redact"


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """One setting: ``kind`` says what it takes, ``variable`` which environment variable sets it."""

    name: str
    kind: type
    default: Any
    variable: str
    doc: str
    least: float | None = None
    """The smallest number that it takes."""


SETTINGS: tuple[SettingDoc, ...] = (
    SettingDoc(
        "model", str, "", "ADALANG_MODEL", "Model of prompts that name none. Unset: the offline builtin/lexical."
    ),
    SettingDoc(
        "teacher", str, "", "ADALANG_TEACHER", "Model that reads failures and writes edits. Unset: the target's."
    ),
    SettingDoc("concurrency", int, 16, "ADALANG_CONCURRENCY", "Calls that may run at once to one provider.", 1),
    SettingDoc(
        "rpm",
        int,
        0,
        "ADALANG_RPM",
        "Requests per minute to each model that sets no `rpm` itself. 0: as many as it takes.",
        0,
    ),
    SettingDoc(
        "tpm",
        int,
        0,
        "ADALANG_TPM",
        "Tokens per minute to each model that sets no `tpm` itself. 0: as many as it takes.",
        0,
    ),
    SettingDoc(
        "metric_seconds",
        float,
        METRIC_SECONDS,
        "ADALANG_METRIC_SECONDS",
        "Seconds that one call of a Python metric, or the import of its file, may take.",
        0.001,
    ),
    SettingDoc("cache", bool, True, "ADALANG_CACHE", "Whether equal calls are answered from the store."),
    SettingDoc(
        "budget_calls", int, 2000, "ADALANG_BUDGET_CALLS", "Model calls that one optimization may make at most.", 1
    ),
    SettingDoc(
        "budget_usd", float, 5.0, "ADALANG_BUDGET_USD", "Money that one optimization may spend at most, in USD.", 0
    ),
    SettingDoc(
        "file_folders",
        list,
        [],
        "ADALANG_FILE_FOLDERS",
        "Folders outside the workspace whose files `image()` and `file()` may read where an input names them.",
    ),
    SettingDoc("trace", bool, True, "ADALANG_TRACE", "Whether runs leave traces in the store."),
    SettingDoc(
        "trace_share",
        float,
        0.1,
        "ADALANG_TRACE_SHARE",
        "Share (0 to 1) of the passing rows of evals, and of an optimization's runs, whose traces are kept. Failing rows always are.",
        0,
    ),
    SettingDoc(
        "trace_days",
        float,
        30.0,
        "ADALANG_TRACE_DAYS",
        "Days after which a trace is deleted. 0: none is for its age.",
        0,
    ),
    SettingDoc(
        "trace_mb",
        float,
        200.0,
        "ADALANG_TRACE_MB",
        "Megabytes that traces may take; then the oldest are deleted. 0: as many as they take.",
        0,
    ),
    SettingDoc(
        _EXPRESSIONS,
        list,
        [],
        "ADALANG_REDACT",
        "Regular expressions of what traces must not show, besides secrets and keys.",
    ),
    SettingDoc(
        "otlp_endpoint",
        str,
        "",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Address of a collector that traces are sent to over OTLP/HTTP (needs `adalang[otel]`). Unset: nothing is sent.",
    ),
    SettingDoc(
        "otlp_headers",
        str,
        "",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "Headers for the collector: `name=value,name=value`; keys belong into the environment variable.",
    ),
)


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and where it came from: ``default``, a file, a variable or ``command line``."""

    value: Any
    source: str


@dataclass(frozen=True)
class Settings:
    """The settings of one workspace, with what was wrong in them (``problems``, one sentence each)."""

    root: Path
    values: Mapping[str, Value]
    problems: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.values[name].value

    @property
    def model(self) -> str:
        """The default model's id; the offline model when none is set."""
        return str(self["model"] or OFFLINE_MODEL)

    def with_values(self, **values: Any) -> Settings:
        """The settings with values from the command line; ``None`` leaves a value as it is."""
        given = {name: Value(value, "command line") for name, value in values.items() if value is not None}
        return Settings(self.root, {**self.values, **given}, self.problems, self.environment)


def find_root(path: Path) -> Path:
    """The workspace that a file or folder belongs to.

    The nearest folder upwards with an ``adalang.toml``, a ``pyproject.toml`` that has ``[tool.adalang]``, or a ``.git``; else
    the file's own folder. A store of a folder above is no sign: one stray run in a home folder would draw all others there.
    """
    path = path.absolute()
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file() or (folder / ".git").exists():
            return folder
        if _pyproject_table(folder) is not None:
            return folder
    return start


def load_settings(root: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read a workspace's settings. Never fails: what is wrong is in ``problems``."""
    environment = os.environ if environment is None else environment
    values = {one.name: Value(one.default, "default") for one in SETTINGS}
    problems: list[str] = []
    table, source = _table(root, problems)
    known = {one.name: one for one in SETTINGS}
    for name, value in table.items():
        if name not in known:
            problems.append(f"{source}: there is no setting `{name}`; there are {', '.join(known)}.")
        elif not _is(value, known[name]):
            problems.append(f"{source}: `{name}` takes {_wanted(known[name])}, not {value!r}.")
        else:
            values[name] = Value(value, source)
    for one in SETTINGS:
        text = environment.get(one.variable)
        if not text:
            continue
        value = _from_text(text, one.kind)
        if value is None or not _is(value, one):
            problems.append(f"{one.variable} takes {_wanted(one)}, not {text!r}.")
        else:
            values[one.name] = Value(value, one.variable)
    return Settings(root, values, tuple(problems), environment)


def _table(root: Path, problems: list[str]) -> tuple[Mapping[str, Any], str]:
    own = root / CONFIG_FILE
    if own.is_file():
        try:
            return tomllib.loads(own.read_text(encoding="utf-8")), CONFIG_FILE
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            problems.append(f"{CONFIG_FILE} cannot be read: {error}.")
            return {}, CONFIG_FILE
    return _pyproject_table(root) or {}, "pyproject.toml [tool.adalang]"


def _pyproject_table(folder: Path) -> Mapping[str, Any] | None:
    file = folder / "pyproject.toml"
    if not file.is_file():
        return None
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("adalang")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        return None
    return table if isinstance(table, dict) else None


def _is(value: Any, wanted: SettingDoc) -> bool:
    if wanted.kind is bool or isinstance(value, bool):
        return wanted.kind is bool and isinstance(value, bool)
    if wanted.kind is str:
        return isinstance(value, str)
    if wanted.kind is list:
        fits = _is_expression if wanted.name == _EXPRESSIONS else bool
        return isinstance(value, list) and all(isinstance(one, str) and fits(one) for one in value)
    if not isinstance(value, int | float) or (wanted.kind is int and not isinstance(value, int)):
        return False
    return math.isfinite(value) and (wanted.least is None or value >= wanted.least)


def _is_expression(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _from_text(text: str, kind: type) -> Any:
    if kind is bool:
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower())
    if kind is list:
        return [text]
    try:
        return kind(text)
    except ValueError:
        return None


def _wanted(one: SettingDoc) -> str:
    listed = "a list of regular expressions" if one.name == _EXPRESSIONS else "a list of texts"
    kind = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}.get(one.kind, listed)
    return kind if one.least is None else f"{kind} from {one.least:g} on"
