"""Write docs/cli.md, docs/events.md and docs/settings.md from the code's own tables, or check that they are current.

python scripts/generate_reference.py            writes
python scripts/generate_reference.py --check    exits with 1 when a page is not current
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from adalang.cli.app import app
from adalang.config import SETTINGS, SettingDoc
from adalang.language.builtins import METRIC_SIGNATURES, MetricSignature
from adalang.language.settings import FUNCTIONS, NUMBERS, SPLIT_NAMES, SettingSpec
from adalang.language.settings import SETTINGS as DECLARATION_SETTINGS
from adalang.optimizer.vocabulary import EVENTS

ROOT = Path(__file__).resolve().parent.parent
_NOTE = "<!-- Written by scripts/generate_reference.py; do not edit. -->"


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    docs = ROOT / "docs"
    return {docs / "cli.md": _cli(), docs / "events.md": _events(), docs / "settings.md": _settings()}


# ---- the command line

_CLI_HEAD = """# Command line

Every verb has `--help`. What a verb has to say to other programs goes to standard output, notes for the person at the
terminal go to standard error.

| exit code | meaning |
| --- | --- |
| 0 | it ran, and found nothing that has to stop a script |
| 1 | findings: errors in a file, a goal that was missed, a file that is not formatted |
| 2 | it could not run: a wrong command line, a file that cannot be read, a missing key, no answer from the model |
| 130 | interrupted; what models answered is kept, and the same command goes on from there, unless tools with effects were called: that is said |
| 143 | terminated, which is the same |

`FILE:NAME` names one thing in a file, such as `support.adal:routing`. A file's workspace is the nearest folder upwards with an
`adalang.toml`, a `pyproject.toml` that has `[tool.adalang]`, or a `.git`; else the file's own folder.
Answers, evaluations and proposals are kept in its `.adalang/store.db`.
"""


def _cli() -> str:
    parts = [_NOTE, _CLI_HEAD]
    parts += [_verb(str(one.name), one.callback, "##") for one in app.registered_commands]
    for group in app.registered_groups:
        inner = group.typer_instance
        assert inner is not None
        parts.append(f"## adalang {group.name}\n\n{inner.info.help}\n")
        parts += [_verb(f"{group.name} {one.name}", one.callback, "###") for one in inner.registered_commands]
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    kind: type
    info: OptionInfo | ArgumentInfo
    several: bool

    @classmethod
    def of(cls, callback: Callable[..., Any]) -> list[_Parameter]:
        hints = get_type_hints(callback)
        found = []
        for one in inspect.signature(callback).parameters.values():
            several = get_origin(hints[one.name]) is list
            kind = get_args(hints[one.name])[0] if several else hints[one.name]
            found.append(cls(one.name, kind, one.default, several))
        return found

    @property
    def shown(self) -> str:
        """How it is written, with what it takes: `FILE` or `--limit, -n INT`."""
        if isinstance(self.info, ArgumentInfo):
            name = f"{self.name.upper()}{'...' if self.several else ''}"
            return name if self.info.default is ... else f"[{name}]"
        names = list(self.info.param_decls or [f"--{self.name.replace('_', '-')}"])
        written = ", ".join(names[:1] if "/" in names[0] else names)
        if self.kind is bool:
            return written
        if self.info.metavar:
            return f"{written} {self.info.metavar}"
        takes = [str(one.value) for one in self.kind] if issubclass(self.kind, Enum) else [_TAKES[self.kind]]
        return f"{written} {' or '.join(takes)}"

    @property
    def meaning(self) -> str:
        default = self.info.default
        text = " ".join((self.info.help or "").split())
        if isinstance(self.info, ArgumentInfo) or self.kind is bool or default in (None, ..., "", 0, []):
            return text
        shown = " ".join(default) if isinstance(default, tuple) else getattr(default, "value", default)
        return f"{text} Default: `{shown}`."


_TAKES = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "PATH"}


def _verb(name: str, callback: Callable[..., Any] | None, level: str) -> str:
    assert callback is not None
    parameters = _Parameter.of(callback)
    arguments = [one for one in parameters if isinstance(one.info, ArgumentInfo)]
    options = [one for one in parameters if isinstance(one.info, OptionInfo)]
    usage = " ".join([f"adalang {name}", *(one.shown for one in arguments), *(["[OPTIONS]"] if options else [])])
    rows = [(f"`{one.shown}`", one.meaning) for one in (*arguments, *options)]
    table = _table(("argument or option", "meaning"), rows)
    return f"{level} adalang {name}\n\n```text\n{usage}\n```\n\n{inspect.getdoc(callback)}\n\n{table}"


# ---- events

_EVENTS_HEAD = """# Events of an optimization

`adalang optimize FILE --events LOG` writes one line of JSON for each thing that happens, while it happens; `adalang runs events RUN_ID`
prints the same lines later, for a run that was cut off too. A resumed run goes through its events again from the first one, and so writes
them all: the file holds the whole log in any case.

```json
{"seq": 12, "kind": "best", "time": "2026-11-23T14:55:02.157Z", "spent": {"calls": 24, "cached_calls": 0, "tokens": 1480, "usd": 0.0021, "priced": true}, "payload": {…}}
```

| field | meaning |
| --- | --- |
| `seq` | counts from 1 without gaps |
| `kind` | one of the kinds below |
| `time` | when it was kept for the first time, UTC |
| `spent` | what the run had spent by then, over all processes that worked on it: calls that were paid, calls that the cache answered, tokens sent and received, USD, and whether all prices are known (`priced`; if not, `usd` is less than what was paid) |
| `payload` | an object with the kind's fields; those marked optional may be missing or null |

Types are those of JSON; `[text]` is a list of texts, `{number}` an object that has a number for each name. New kinds and new fields may come with
any version: pass over what you do not know. What a field means does not change, and a field does not go, without a line in the changelog.
"""


def _events() -> str:
    parts = [_NOTE, _EVENTS_HEAD]
    for name, kind in EVENTS.items():
        parts.append(f"## {name}\n\n{kind.meaning}\n")
        rows = [(f"`{one}`", f.takes + ("" if f.always else ", optional"), f.meaning) for one, f in kind.fields.items()]
        parts += [_table(("field", "type", "meaning"), rows)] if rows else ["It has no fields.\n"]
    return "\n".join(parts)


# ---- settings

_SETTINGS_HEAD = """# Settings

## Of a workspace

They come from `adalang.toml` (or the table `[tool.adalang]` of `pyproject.toml`), from the environment, and from the command line;
later ones win. `adalang doctor` says which value holds and where it comes from. A value that cannot be used is reported,
and the default is taken.
"""

_KINDS = {
    "model": "a model declaration, or a text `provider/name`",
    "models": "a list of models",
    "text": "a text",
    "bool": "`true` or `false`",
    "int": "a whole number",
    "number": "a number",
    "object": "an object `{ … }`",
    "dataset": "a data set, or one split of it",
    "columns": "an expression over `row`",
    "metric": "a metric",
    "components": "a list of components",
    "params": "a list of params and demos",
    "inputs": "list of inputs",
    "words": "a list of texts",
    "file": "a path, relative to the file",
    "method": "`bm25`, `vector` or `hybrid`",
    "embedding": "a model",
    "condition": "`true`, or a condition over the inputs",
    "any": "as the meaning says",
}


def _settings() -> str:
    parts = [_NOTE, _SETTINGS_HEAD, _workspace_table(SETTINGS), _DECLARATIONS_HEAD]
    for kind, specs in DECLARATION_SETTINGS.items():
        parts.append(f"### {kind}\n\n{_declaration_table(specs.values())}")
    budget = ", ".join(f"`{name}`" for name in NUMBERS["budget"])
    splits = ", ".join(f"`{name}`" for name in SPLIT_NAMES)
    parts.append(
        f"A `budget` has any of {budget}; a `split` has any of {splits}, fractions that add up to at most 1.\n"
    )
    parts.append("## Functions in settings\n\n" + _table(("function", "meaning"), _functions(FUNCTIONS)))
    parts.append(
        _METRICS_HEAD + "\n" + _table(("metric", "meaning", "options"), map(_metric, METRIC_SIGNATURES.values()))
    )
    return "\n".join(parts)


_DECLARATIONS_HEAD = """## Of declarations

They stand in the braces of a declaration: `model fast = "openai/gpt-4o-mini" { temperature = 0 }`. An unknown one is an error
(ADL105), and so is a value of the wrong kind or out of range (ADL212).
"""

_METRICS_HEAD = """## Metrics

A metric gives a score from 0 to 1 with a reason. It scores the target's output against the eval's `expect`, unless the call says
otherwise: `recall(steps.passages, expected = row.gold, k = 5)`. A prompt, a tool or `python("file.py:function")` is a metric too when
it gives a number from 0 to 1, or an object with `score` and `reason`.
"""


def _workspace_table(settings: Iterable[SettingDoc]) -> str:
    def default(one: SettingDoc) -> str:
        return "" if one.default == "" else f"`{str(one.default).lower()}`"

    rows = [(f"`{one.name}`", f"`{one.variable}`", default(one), one.doc) for one in settings]
    return _table(("setting", "variable", "default", "meaning"), rows)


def _declaration_table(specs: Iterable[SettingSpec]) -> str:
    rows = [(f"`{one.name}`", f"{_KINDS[one.kind]}{_range(one)}", one.doc) for one in specs]
    return _table(("setting", "takes", "meaning"), rows)


def _range(one: SettingSpec) -> str:
    if one.low is not None and one.high is not None:
        return f", {one.low:g} to {one.high:g}"
    return f", from {one.low:g}" if one.low is not None else ""


def _functions(functions: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for text in functions.values():
        form, _, meaning = text.partition(": ")
        yield f"`{form}`", meaning


def _metric(one: MetricSignature) -> tuple[str, str, str]:
    options = "; ".join(f"`{option.name}` {option.meaning}" for option in one.options)
    return f"`{one.name}`", one.meaning, options


# ---- pages


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()) for cell in line)} |" for line in lines) + "\n"


def main() -> int:
    outdated = {
        path: text for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    if "--check" in sys.argv[1:]:
        for path in outdated:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not current: run python scripts/generate_reference.py\n")
        return 1 if outdated else 0
    for path, text in outdated.items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
