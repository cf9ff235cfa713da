"""The table of diagnostics: stable codes, names, severities, and one sentence each. The reference is written from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "hint"]
Tag = Literal["unnecessary", "deprecated"]


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    name: str
    severity: Severity
    summary: str
    tag: Tag | None = None


_TABLE: tuple[tuple[str, str, Severity, str], ...] = (
    # The text itself
    ("ADL001", "unexpected-text", "error", "Something stands where it means nothing."),
    ("ADL002", "missing-value", "error", "A value is missing."),
    ("ADL003", "unclosed-bracket", "error", "A bracket is never closed."),
    ("ADL004", "unclosed-text", "error", "A text is never closed, or goes on at column 0."),
    (
        "ADL005",
        "text-indentation",
        "error",
        "A line of a block text is indented less than its closing quotes.",
    ),
    ("ADL006", "unknown-escape", "error", "A text holds an escape that does not exist."),
    (
        "ADL007",
        "unknown-declaration",
        "error",
        "A declaration starts with a word that is none of the language's.",
    ),
    ("ADL008", "missing-punctuation", "error", "A sign such as `=`, `:` or `of` is missing."),
    ("ADL009", "missing-type", "error", "An input or a result has no type."),
    ("ADL010", "run-on-text", "error", "A text over several lines starts on the line of its opening quotes."),
    (
        "ADL011",
        "foreign-syntax",
        "error",
        "Something written as in another language: `;`, `'…'`, `//`, `name: value`, `list[str]`.",
    ),
    ("ADL012", "unclosed-jinja-tag", "error", "`{{` or `{%` is never closed."),
    ("ADL013", "missing-name", "error", "A name is missing."),
    ("ADL014", "text-expected", "error", "A text is wanted, and something else stands there."),
    # Names
    ("ADL101", "unknown-name", "error", "A name means nothing here."),
    ("ADL102", "duplicate-name", "error", "A name is declared twice."),
    ("ADL103", "unused", "hint", "A declaration that nothing uses."),
    ("ADL104", "shadowed-name", "warning", "A name hides another one of the same spelling."),
    ("ADL105", "unknown-setting", "error", "A setting that this kind of declaration does not have."),
    ("ADL106", "duplicate-setting", "error", "A setting is given twice; only the last one would count."),
    ("ADL107", "reserved-name", "error", "A name that the language keeps for itself."),
    (
        "ADL108",
        "cycle",
        "error",
        "Components that call each other in a circle, models that fall back on each other, files that import each other.",
    ),
    ("ADL109", "missing-import", "error", "An imported file does not exist or cannot be read."),
    ("ADL110", "broken-import", "error", "An imported file has errors."),
    ("ADL111", "wrong-kind", "error", "A name of the wrong kind, such as a prompt where a model is wanted."),
    # Types and calls
    ("ADL201", "unknown-type", "error", "A type that is not declared."),
    ("ADL202", "missing-input", "error", "A call leaves out an input that has no default."),
    ("ADL203", "unknown-input", "error", "A call gives an input that the component does not have."),
    ("ADL204", "duplicate-input", "error", "A call gives an input twice, or too many of them."),
    ("ADL205", "type-mismatch", "error", "A value of one type where another is wanted."),
    ("ADL206", "unknown-field", "error", "A field that the object does not have."),
    ("ADL207", "match-not-exhaustive", "error", "A match leaves out a label, true, false or null, and has no `_`."),
    ("ADL208", "unreachable", "warning", "Something that can never be reached."),
    ("ADL209", "missing-return", "error", "A pipeline that never returns."),
    ("ADL210", "recursive-type", "error", "A type that contains itself."),
    ("ADL211", "not-callable", "error", "Something is called that is no component."),
    ("ADL212", "setting-value", "error", "A setting's value is of the wrong kind or out of its range."),
    ("ADL213", "unknown-label", "error", "A label that the type does not have."),
    ("ADL214", "duplicate-field", "error", "A field or label stands twice."),
    ("ADL215", "no-message", "error", "A prompt that sends nothing."),
    ("ADL216", "rebound-name", "error", "A pipeline binds a name twice."),
    ("ADL217", "setting-without-effect", "hint", "A setting that counts for nothing beside the others."),
    # Templates
    ("ADL301", "unknown-variable", "error", "A template names something that it cannot see."),
    ("ADL302", "unused-input", "warning", "An input that nothing uses."),
    ("ADL303", "jinja-syntax", "error", "A Jinja tag that cannot be read."),
    ("ADL304", "unknown-filter", "error", "A Jinja filter or test that does not exist."),
    (
        "ADL305",
        "param-is-not-a-template",
        "warning",
        "A param's text holds `{{ … }}`, which is sent as it stands.",
    ),
    ("ADL306", "prompt-too-long", "warning", "A prompt longer than its model's window."),
    ("ADL307", "unused-param", "warning", "A param that no message shows: to change it changes nothing."),
    # Models
    ("ADL401", "unknown-model", "warning", "A model that the provider is not known to have."),
    ("ADL402", "unknown-provider", "error", "A model without a known provider in front."),
    ("ADL403", "literal-secret", "error", "A key or password written into the file."),
    # Data, evaluations, optimizations
    ("ADL501", "missing-file", "error", "A file that does not exist."),
    ("ADL502", "unreadable-data", "error", "A data file that cannot be read."),
    (
        "ADL503",
        "row-without-input",
        "error",
        "A data row has no value, or a wrong one, for an input of the target.",
    ),
    ("ADL504", "expected-does-not-fit", "warning", "An expected value that the target can never answer."),
    ("ADL505", "no-metric", "error", "An eval that does not say how to score."),
    ("ADL506", "metric-cannot-apply", "error", "A metric that cannot score this target."),
    ("ADL507", "overlapping-splits", "error", "The same rows in two splits."),
    ("ADL508", "split-too-small", "hint", "A split with too few rows to prove anything."),
    ("ADL509", "bad-split", "error", "Fractions of a split that add up to more than 1."),
    ("ADL510", "nothing-to-optimize", "error", "An optimize block whose eval reaches no param and no demos."),
    ("ADL511", "unknown-column", "error", "A column that the data does not have."),
    ("ADL512", "no-data", "error", "An eval or a data set with no rows to run on."),
    (
        "ADL513",
        "missing-function",
        "error",
        "A function, or an operation of an OpenAPI file, that does not exist, or whose file cannot be read.",
    ),
    (
        "ADL514",
        "no-hold-out",
        "hint",
        "An optimize block whose data has no test split: nothing could be proven.",
    ),
)

_TAGS: dict[str, Tag] = dict.fromkeys(("ADL103", "ADL208", "ADL217", "ADL302", "ADL307"), "unnecessary")

RULES: dict[str, Rule] = {row[0]: Rule(*row, _TAGS.get(row[0])) for row in _TABLE}


def page(code: str) -> Path:
    """The page that explains a diagnostic; it comes with the package, so that it can be read without a network."""
    return _PAGES / f"{code}.md"


_PAGES = Path(__file__).parent / "pages"
