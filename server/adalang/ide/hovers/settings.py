"""Settings: what they take, and what holds without them."""

from __future__ import annotations

from adalang.ide.words import CHOICES, DEFAULTS, METHODS, OBJECT_KEYS
from adalang.language.settings import SETTINGS, WORDS, SettingSpec


def of_setting(kind: str, name: str) -> str:
    """Allowed values and the default; "" for what is no setting."""
    spec = SETTINGS.get(kind, {}).get(name)
    if spec is None:
        return ""
    lines = [_takes(kind, spec)]
    if (kind, name) in DEFAULTS:
        lines.append(f"Default: `{DEFAULTS[kind, name]}`")
    return "  \n".join(line for line in lines if line)


def _takes(kind: str, spec: SettingSpec) -> str:
    """What may be given, where the kind alone does not say it."""
    if (kind, spec.name) in CHOICES:
        return "One of " + ", ".join(f'`"{one}"`' for one in CHOICES[kind, spec.name])
    if (kind, spec.name) in WORDS:
        return "\n".join(f'- `"{word}"`: {doc}' for word, doc in WORDS[kind, spec.name].items())
    if spec.kind == "method":
        return f"One of {', '.join(f'`{one}`' for one in METHODS)}"
    if spec.kind == "object" and spec.name in OBJECT_KEYS:
        return f"Keys: {', '.join(f'`{one}`' for one in OBJECT_KEYS[spec.name])}"
    if spec.kind == "bool":
        return "`true` or `false`"
    if spec.low is None and spec.high is None:
        return ""
    if spec.high is None:
        return f"From {spec.low:g} on"
    return f"From {spec.low:g} to {spec.high:g}"
