"""Quick fixes beyond those that the checks know themselves: by the diagnostic's code, worked out when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from adalang.ide.fixes import calls, data, names, pipelines, prompts, types
from adalang.ide.fixes.broken import Broken, Mend

__all__ = ["LOOKS_ELSEWHERE", "Broken", "Mend", "mends"]

_Mender = Callable[[Broken], Iterator[Mend]]

_MENDERS: Mapping[str, tuple[_Mender, ...]] = {
    "ADL013": (names.unnamed,),
    "ADL014": (names.constant_text,),
    "ADL101": (names.unknown,),
    "ADL102": (names.twice,),
    "ADL104": (names.hidden,),
    "ADL105": (names.no_setting,),
    "ADL106": (names.setting_twice,),
    "ADL107": (names.reserved,),
    "ADL109": (names.no_import,),
    "ADL201": (names.unknown,),
    "ADL202": (calls.missing,),
    "ADL203": (calls.unwanted,),
    "ADL204": (calls.unwanted,),
    "ADL205": (calls.mistyped,),
    "ADL206": (calls.no_field,),
    "ADL207": (pipelines.arms,),
    "ADL208": (pipelines.unreachable,),
    "ADL209": (pipelines.result,),
    "ADL210": (types.recursive,),
    "ADL212": (types.setting_value,),
    "ADL213": (pipelines.compared_label,),
    "ADL214": (types.field_twice,),
    "ADL215": (prompts.message,),
    "ADL216": (pipelines.bound_twice,),
    "ADL301": (prompts.missing_input, names.unknown),
    "ADL302": (prompts.unused_input,),
    "ADL303": (prompts.jinja,),
    "ADL305": (prompts.placeholder_in_param,),
    "ADL307": (prompts.unused_param,),
    "ADL501": (data.no_file,),
    "ADL503": (data.no_column,),
    "ADL505": (data.no_metric,),
    "ADL506": (data.metric,),
    "ADL509": (types.fractions,),
    "ADL510": (prompts.trainable_part,),
    "ADL512": (data.no_rows,),
    "ADL513": (data.no_function,),
    "ADL514": (data.no_hold_out,),
}


LOOKS_ELSEWHERE = frozenset({"ADL101", "ADL104", "ADL107", "ADL109", "ADL201", "ADL301", "ADL302", "ADL307"})
"""The diagnostics whose fixes depend on files that the program does not import."""


def mends(broken: Broken) -> Iterator[Mend]:
    """The fixes of a diagnostic that its check does not bring along, the likeliest first."""
    for mender in _MENDERS.get(broken.diagnostic.code, ()):
        yield from mender(broken)
