"""Prompts, agents, tools and models: their settings' values, messages, templates and params."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from adalang.language import models
from adalang.language.checks import values
from adalang.language.checks.messages import is_taken, template
from adalang.language.checks.operations import described_operation
from adalang.language.checks.scope import Scope
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    CallExpression,
    Component,
    Constant,
    Demos,
    Expression,
    Hole,
    ListExpression,
    Member,
    ModelDeclaration,
    ObjectExpression,
    Pair,
    Param,
    ParamDeclaration,
    PromptDeclaration,
    Reference,
    Setting,
    Text,
    ToolDeclaration,
    dotted,
    setting,
    walk,
)
from adalang.language.diagnostics import did_you_mean, replace, suggestion
from adalang.language.lower import Item
from adalang.language.python_functions import PythonFunction
from adalang.language.settings import FUNCTIONS, RESERVED, RETRIEVAL_METHODS, SETTINGS, TOOL_OPTIONS, WORDS, SettingSpec
from adalang.language.templates import TAKEN
from adalang.language.text import Span
from adalang.language.turns import placed_as_turns, shortens
from adalang.language.types import STR, UNKNOWN, Type, describe, fits

_SECRET = re.compile(
    r"\b(sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{12,}|gsk_[A-Za-z0-9]{12,}|AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,}|ghp_[A-Za-z0-9]{20,})"
)
_SECRET_BYTES = re.compile(_SECRET.pattern.encode())
_LOGIN = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)
_SECRET_NAMES = re.compile(r"(api_?key|secret|token|password)$", re.IGNORECASE)

# Their models are what their owner put there, or change too often for a table.
_OPEN_PROVIDERS = frozenset(
    {
        "replay",
        "ollama",
        "ollama_chat",
        "hosted_vllm",
        "vllm",
        "azure",
        "azure_ai",
        "openrouter",
        "huggingface",
        "lm_studio",
    }
    | {
        "litellm_proxy",
        "custom",
        "custom_openai",
        "openai_like",
        "text-completion-openai",
        "sagemaker",
        "xinference",
        "llamafile",
    }
)


def check(scope: Scope, item: Item) -> None:
    _environment(scope, item)
    match item.declaration:
        case ModelDeclaration() as declaration:
            _model(scope, item, declaration)
        case PromptDeclaration() | AgentDeclaration() as declaration:
            _parameters(scope, item, declaration)
            _prompt(scope, item, declaration)
        case ToolDeclaration() as declaration:
            _parameters(scope, item, declaration)
            _tool(scope, item, declaration)
        case ParamDeclaration(param=param):
            _param(scope, item, param)
        case declaration if declaration.kind in COMPONENT_KINDS:
            _parameters(scope, item, declaration)  # type: ignore[arg-type]
        case _:
            pass


def _environment(scope: Scope, item: Item) -> None:
    written = [one.value for one in getattr(item.declaration, "settings", ())]
    if isinstance(item.declaration, ModelDeclaration):
        written.append(item.declaration.value)
    for expression in written:
        for part in walk(expression):
            if isinstance(part, CallExpression) and _is_env(part):
                values.check_env(scope, item, part)


def secrets(data: bytes) -> list[Span]:
    """Where keys stand in a text, comments included."""
    return [Span(*found.span()) for found in _SECRET_BYTES.finditer(data)]


# ---- settings


def settings_values(scope: Scope, item: Item, settings: tuple[Setting, ...], kind: str) -> None:
    """The values of settings whose kind is plain: numbers, bools, texts, models."""
    for one in settings:
        spec = SETTINGS[kind].get(one.name.text)
        if spec is None or isinstance(one.value, Hole):
            continue
        _value(scope, item, one, spec, kind)


def _value(scope: Scope, item: Item, one: Setting | Pair, spec: SettingSpec, kind: str) -> None:
    value, name = one.value, one.name.text

    def wrong(wanted: str) -> None:
        meant = values.FOREIGN_CONSTANTS.get(value.name) if isinstance(value, Reference) else None
        fixes = [replace(item, value.span, meant, safe=True)] if meant and spec.kind == "bool" else []
        scope.report.add("ADL212", item, value.span, f"`{name}` takes {wanted}. {spec.doc}", fixes=fixes)

    match spec.kind:
        case "bool":
            if not (isinstance(value, Constant) and isinstance(value.value, bool)):
                wanted = "true or false"
                wrong(wanted)
        case "int" | "number":
            number = value.value if isinstance(value, Constant) else None
            if isinstance(number, bool) or number is None or (spec.kind == "int" and not isinstance(number, int)):
                wrong("a whole number" if spec.kind == "int" else "a number")
            elif (spec.low is not None and number < spec.low) or (spec.high is not None and number > spec.high):
                high = f" and at most {spec.high:g}" if spec.high is not None else ""
                wrong(f"a number of at least {spec.low:g}{high}")
        case "text":
            if not isinstance(value, Text) and not _is_env(value):
                wrong("a text")
        case "file":
            if not isinstance(value, Text | ListExpression):
                wrong("a text with a file's path")
        case "object":
            if not isinstance(value, ObjectExpression):
                wrong("an object: { name = value }")
        case "model":
            _model_value(scope, item, value)
        case "models":
            for each in value.items if isinstance(value, ListExpression) else (value,):
                _model_value(scope, item, each)
        case "method":
            method = value.name if isinstance(value, Reference) else value.value if isinstance(value, Text) else ""
            if method not in RETRIEVAL_METHODS:
                wrong(f"one of {', '.join(RETRIEVAL_METHODS)}")
        case "inputs":
            _own_inputs(scope, item, one)
        case "words":
            _words(scope, item, one, WORDS[kind, name])
        case _:
            pass


def _own_inputs(scope: Scope, item: Item, one: Setting | Pair) -> None:
    """A list of inputs that can be shortened: lists and texts."""
    own = {each.name.text: each for each in getattr(item.declaration, "parameters", ())}
    listed = one.value.items if isinstance(one.value, ListExpression) else ()
    if not isinstance(one.value, ListExpression):
        scope.report.add("ADL212", item, one.value.span, f"`{one.name.text}` takes a list of inputs: [history].")
    for value in listed:
        name = dotted(value) if isinstance(value, Reference) else ""
        if isinstance(value, Hole):
            continue
        if not name or name not in own:
            hint, fixes = suggestion(item, value.span, name or "", own)
            known = hint or f" The inputs are {', '.join(own) or 'none'}."
            scope.report.add(
                "ADL212", item, value.span, f"`{one.name.text}` takes inputs of this component.{known}", fixes=fixes
            )
        elif not shortens(scope.program.type_of(own[name].type, scope.module)):
            message = f"`{name}` cannot be shortened: lists lose items and texts their end, and it is neither."
            scope.report.add("ADL212", item, value.span, message)


def numbers(scope: Scope, item: Item, name: str, given: ObjectExpression, known: Mapping[str, SettingSpec]) -> None:
    """A setting that is an object of some numbers, each with its bounds."""
    values.infer(scope, item, given, {})
    for pair in given.pairs:
        key = pair.name
        if key.text not in known:
            hint, fixes = suggestion(item, key.span, key.text, known)
            message = f"`{name}` has no `{key.text}`.{hint or ' It has ' + ', '.join(known) + '.'}"
            scope.report.add("ADL105", item, key.span, message, fixes=fixes)
        elif not isinstance(pair.value, Hole | Reference):
            _value(scope, item, pair, known[key.text], "optimize")


def _words(scope: Scope, item: Item, one: Setting | Pair, known: Mapping[str, str]) -> None:
    """A list of texts out of a few."""
    name, listed = one.name.text, ", ".join(f'"{word}"' for word in known)
    if not isinstance(one.value, ListExpression):
        scope.report.add("ADL212", item, one.value.span, f"`{name}` takes a list of {listed}.")
        return
    for value in one.value.items:
        word = value.value if isinstance(value, Text) else dotted(value) or ""
        if isinstance(value, Hole) or (isinstance(value, Text) and word in known):
            continue
        meant = word if word in known else did_you_mean(word, known)
        message = f"`{name}` has no `{word}`; it takes {listed}." if word else f"`{name}` takes {listed}."
        if meant:
            message = f'`{name}` takes texts: "{meant}".' if word in known else f'{message} Did you mean "{meant}"?'
        fixes = [replace(item, value.span, f'"{meant}"')] if meant else []
        scope.report.add("ADL212", item, value.span, message, fixes=fixes)


def _is_env(value: Expression) -> bool:
    return isinstance(value, CallExpression) and dotted(value.function) == "env"


# ---- models


def _model(scope: Scope, item: Item, declaration: ModelDeclaration) -> None:
    own_server = setting(declaration.settings, "api_base") is not None
    _model_value(scope, item, declaration.value, own_server=own_server)
    settings_values(scope, item, declaration.settings, "model")
    _room_for_input(scope, item, declaration)
    for one in declaration.settings:
        _secrets(scope, item, one.name.text, one.value)


def _room_for_input(scope: Scope, item: Item, declaration: ModelDeclaration) -> None:
    window, answer = (setting(declaration.settings, name) for name in ("window", "max_tokens"))
    if window is None or answer is None:
        return
    size, longest = (one.value.value if isinstance(one.value, Constant) else None for one in (window, answer))
    if isinstance(size, int) and isinstance(longest, int) and longest >= size:
        message = f"An answer of {longest} tokens leaves no room in a window of {size}: `max_tokens` is below `window`."
        scope.report.add("ADL212", item, answer.value.span, message)


def _secrets(scope: Scope, item: Item, name: str, value: Expression) -> None:
    if isinstance(value, ObjectExpression):
        for pair in value.pairs:
            _secrets(scope, item, pair.name.text, pair.value)
        return
    if isinstance(value, ListExpression):
        for one in value.items:
            _secrets(scope, item, name, one)
        return
    if not isinstance(value, Text) or not value.value:
        return
    is_login = _LOGIN.match(value.value) is not None
    if _SECRET_NAMES.search(name) or _SECRET.search(value.value) or is_login:
        variable = "API_KEY" if not (_SECRET_NAMES.search(name) or is_login) else name.upper()
        provider = _provider_of(item)
        variable = f"{provider}_{variable}" if provider and variable in ("API_KEY", "API_BASE") else variable
        scope.report.add(
            "ADL403",
            item,
            value.span,
            f'{"A password" if is_login else "A key"} has no place in a file: write `env("{variable}")` and set that variable.',
            fixes=[replace(item, value.span, f'env("{variable}")', title=f'Replace by env("{variable}")')],
        )


def _provider_of(item: Item) -> str:
    declaration = item.declaration
    if isinstance(declaration, ModelDeclaration) and isinstance(declaration.value, Text):
        return declaration.value.value.split("/")[0].upper().replace("-", "_")
    return ""


def _model_value(scope: Scope, item: Item, value: Expression, *, own_server: bool = False) -> None:
    """A model is named by its declaration or given as a text `provider/model`."""
    if isinstance(value, Text):
        model_id(scope, item, value, own_server=own_server)
    elif isinstance(value, Reference | Member):
        scope.require(item, value, ("model",), "model")
    elif not isinstance(value, Hole) and not _is_env(value):
        scope.report.add(
            "ADL212", item, value.span, 'A model is a declared name or a text such as "openai/gpt-4o-mini".'
        )


def model_id(scope: Scope, item: Item, text: Text, *, own_server: bool = False) -> None:
    """``own_server``: the address is the user's, and so are the models there."""
    provider, slash, name = text.value.partition("/")
    known_providers = models.known_providers()
    if not slash or not name:
        meant = models.likely(text.value)
        scope.report.add(
            "ADL402",
            item,
            text.span,
            "A model is written `provider/model`." + (f' Did you mean "{meant}"?' if meant else ""),
            fixes=[replace(item, text.span, f'"{meant}"')] if meant else (),
        )
    elif provider not in known_providers:
        meant = did_you_mean(provider, known_providers)
        scope.report.add(
            "ADL402",
            item,
            text.span,
            f"No provider is called `{provider}`." + (f" Did you mean `{meant}`?" if meant else ""),
            fixes=[replace(item, text.span, f'"{meant}/{name}"')] if meant else (),
        )
    elif provider == "replay":
        path = scope.module.path.parent / name
        if scope.facts.exists(path) is False:
            scope.report.add("ADL501", item, text.span, f"There is no recording `{name}` beside this file.")
    elif not own_server and provider not in _OPEN_PROVIDERS and text.value not in models.known_models():
        catalogue = [one for one in models.known_models() if one.startswith(f"{provider}/")]
        meant = did_you_mean(text.value, catalogue)
        scope.report.add(
            "ADL401",
            item,
            text.span,
            f"`{provider}` is not known to have a model `{name}`."
            + (f' Did you mean "{meant}"?' if meant else " If it is new, this warning may be ignored."),
            fixes=[replace(item, text.span, f'"{meant}"')] if meant else (),
        )


# ---- signatures


def _parameters(scope: Scope, item: Item, declaration: Component) -> None:
    seen: dict[str, Span] = {}
    for one in declaration.parameters:
        name = one.name.text
        if name in seen:
            scope.report.add(
                "ADL102",
                item,
                one.name.span,
                f"The input `{name}` is declared twice; rename one of the two.",
                see=[(seen[name], f"`{name}` is declared here")],
            )
        if isinstance(declaration, PromptDeclaration | AgentDeclaration):
            is_taken(scope, item, one.name)
        elif name in RESERVED:
            scope.report.add("ADL107", item, one.name.span, f"`{name}` is a word of the language; take another name.")
        seen.setdefault(name, one.name.span)
        if one.default is not None and not isinstance(one.default, Hole):
            wanted = scope.program.type_of(one.type, scope.module)
            found = values.infer(scope, item, one.default, {})
            if not fits(found, wanted):
                scope.report.add(
                    "ADL205", item, one.default.span, f"`{name}` is {describe(wanted)}; this default is not."
                )


# ---- prompts and agents


def _prompt(scope: Scope, item: Item, declaration: PromptDeclaration | AgentDeclaration) -> None:
    settings_values(scope, item, declaration.settings, declaration.kind)
    inputs = {one.name.text: scope.program.type_of(one.type, scope.module) for one in declaration.parameters}
    own = _own_names(scope, item, declaration, inputs)
    used = set(TAKEN)  # they cannot be shown, and are reported for that
    for message in declaration.messages:
        used |= template(scope, item, message.template, {**inputs, **own})
    for param in declaration.params:
        _param(scope, item, param)
    reasons = setting(declaration.settings, "reasoning")
    if declaration.messages:
        _unused(scope, item, declaration, used, reasons is not None)
    elif isinstance(declaration, PromptDeclaration) and not declaration.problems:
        scope.report.add(
            "ADL215", item, declaration.name.span, 'This prompt sends nothing; add `user = """{{ … }}"""`.'
        )
    _length(scope, item, declaration)
    if isinstance(declaration, AgentDeclaration):
        _tools(scope, item, declaration)
    for demos in declaration.demos:
        settings_values(scope, item, demos.settings, "demos")
        if demos.value is not None:
            _demos(scope, item, declaration, demos.value, placed=demos.name.text in used)
            _limit(scope, item, demos, len(demos.value.items))


def _own_names(
    scope: Scope, item: Item, declaration: PromptDeclaration | AgentDeclaration, inputs: dict[str, Type]
) -> dict[str, Type]:
    own: dict[str, Type] = {}
    places = {one.name.text: one.name.span for one in reversed(declaration.parameters)}
    parts: list[Param | Demos] = [*declaration.params, *declaration.demos]
    for part in parts:
        name = part.name
        if name.text in inputs or name.text in own:
            scope.report.add(
                "ADL102",
                item,
                name.span,
                f"`{name.text}` is declared twice in `{declaration.name.text}`.",
                see=[(places[name.text], f"`{name.text}` is declared here")],
            )
        elif is_taken(scope, item, name):
            pass
        elif isinstance(part, Param) and scope.kind_of(name.text) == "param":
            scope.report.add(
                "ADL104",
                item,
                name.span,
                f"This `{name.text}` hides the file's param of that name; rename one of the two.",
                related=scope.declared(name.text),
            )
        places.setdefault(name.text, name.span)
        own[name.text] = STR if isinstance(part, Param) else UNKNOWN
    return own


def _param(scope: Scope, item: Item, param: Param) -> None:
    if isinstance(param.value, Hole) or (item.declaration.problems and not isinstance(param.value, Text)):
        return
    if not isinstance(param.value, Text):
        scope.report.add("ADL014", item, param.value.span, f'A param is a text: `param {param.name.text} = "…"`.')
    elif "{{" in param.value.value or "{%" in param.value.value:
        at = param.value.value.find("{{") if "{{" in param.value.value else param.value.value.find("{%")
        start = param.value.source_offset(at)
        scope.report.add(
            "ADL305",
            item,
            Span(start, start + 2),
            "A param's text is no template: this is sent as it stands. Put the placeholder into a message.",
        )


def _unused(
    scope: Scope,
    item: Item,
    declaration: PromptDeclaration | AgentDeclaration,
    used: set[str],
    reasons: bool,
) -> None:
    turns = placed_as_turns(scope.program, scope.module, declaration)
    for parameter in declaration.parameters:
        if parameter.name.text and parameter.name.text not in used and parameter.name.text not in turns:
            scope.report.add(
                "ADL302",
                item,
                parameter.name.span,
                f"No message shows the input `{parameter.name.text}`; write {{{{ {parameter.name.text} }}}} in one.",
            )
    for param in declaration.params:
        implied = isinstance(declaration, AgentDeclaration) or (reasons and param.name.text == "reasoning_steps")
        if param.name.text and param.name.text not in used and not implied:
            scope.report.add(
                "ADL307",
                item,
                param.name.span,
                f"No message shows `{param.name.text}`, so to change it changes nothing; "
                f"write {{{{ {param.name.text} }}}} in one.",
            )


def _length(scope: Scope, item: Item, declaration: PromptDeclaration | AgentDeclaration) -> None:
    """What a prompt sends even with empty inputs has to fit into its model's window."""
    chosen = setting(declaration.settings, "model")
    if chosen is None:
        return
    entity = scope.resolve(chosen.value)
    named = entity.value if entity and entity.kind == "model" else chosen.value
    model = models.known_models().get(named.value) if isinstance(named, Text) else None
    if model is None or model.window is None:
        return
    texts = [*(one.template.text.value for one in declaration.messages), *(one.text for one in declaration.params)]
    tokens = sum(models.estimate_tokens(text) for text in texts)
    tokens += sum(
        models.estimate_tokens(scope.module.source.slice(one.span.shifted(item.start))) for one in declaration.demos
    )
    if tokens > model.window:
        scope.report.add(
            "ADL306",
            item,
            declaration.name.span,
            f"This prompt has about {tokens:,} tokens before any input; `{model.id}` reads {model.window:,}. "
            "Shorten it, or take a model with a larger window.",
        )


def _limit(scope: Scope, item: Item, demos: Demos, count: int) -> None:
    limit = setting(demos.settings, "max")
    most = limit.value.value if limit and isinstance(limit.value, Constant) else None
    if limit and isinstance(most, int) and 0 <= most < count:
        message = f"`{demos.name.text}` may have {most} example{'s' if most != 1 else ''}, and {count} stand here."
        scope.report.add("ADL212", item, limit.value.span, f"{message} Raise `max`, or take some out.")


def _demos(
    scope: Scope,
    item: Item,
    declaration: PromptDeclaration | AgentDeclaration,
    value: ListExpression,
    *,
    placed: bool,
) -> None:
    inputs = {one.name.text: scope.program.type_of(one.type, scope.module) for one in declaration.parameters}
    entity = scope.program.entity(scope.module, item)
    wanted: dict[str, Type] = {**inputs, "output": scope.signature(entity).returns, "reasoning": STR}
    needed = [*(one.name.text for one in declaration.parameters if one.default is None), "output"]
    for one in value.items:
        if not isinstance(one, ObjectExpression):
            if not isinstance(one, Hole):
                scope.report.add("ADL205", item, one.span, "An example is an object: { input = …, output = … }.")
            continue
        for pair in one.pairs:
            if pair.name.text not in wanted:
                meant = did_you_mean(pair.name.text, wanted)
                scope.report.add(
                    "ADL206",
                    item,
                    pair.name.span,
                    f"An example of `{declaration.name.text}` has no `{pair.name.text}`."
                    + (f" Did you mean `{meant}`?" if meant else f" It has {', '.join(f'`{n}`' for n in wanted)}."),
                    fixes=[replace(item, pair.name.span, meant)] if meant else (),
                )
                continue
            found = values.infer(scope, item, pair.value, {})
            if not fits(found, wanted[pair.name.text]):
                scope.report.add(
                    "ADL205",
                    item,
                    pair.value.span,
                    f"`{pair.name.text}` is {describe(wanted[pair.name.text])}; this is {values.describe_found(found)}.",
                )
        given = {pair.name.text for pair in one.pairs}
        # How to reason can be shown without what was reasoned about; a template that places examples may need all of it.
        bare = not placed and given == {"reasoning", "output"}
        missing = [name for name in (["output"] if bare else needed) if name not in given]
        if missing:
            listed = " and ".join(f"`{name}`" for name in missing)
            scope.report.add("ADL202", item, one.span, f"An example needs its {listed}.")


def _tools(scope: Scope, item: Item, declaration: AgentDeclaration) -> None:
    tools = setting(declaration.settings, "tools")
    if tools is None or isinstance(tools.value, Hole):
        return
    if not isinstance(tools.value, ListExpression):
        scope.report.add("ADL212", item, tools.value.span, "`tools` takes a list: [find_order, handbook].")
        return
    for one in tools.value.items:
        scope.require(item, one, tuple(sorted(COMPONENT_KINDS)), "tool")


# ---- tools


def _tool(scope: Scope, item: Item, declaration: ToolDeclaration) -> None:
    settings_values(scope, item, declaration.settings, "tool")
    value = declaration.value
    if isinstance(value, Hole):
        return
    function = (dotted(value.function) or "") if isinstance(value, CallExpression) else ""
    if not isinstance(value, CallExpression) or function not in TOOL_OPTIONS:
        scope.report.add(
            "ADL212", item, value.span, 'A tool is python("file.py:function"), mcp("command …") or http("…").'
        )
    else:
        _tool_options(scope, item, function, value)
        if function == "python":
            python_function(scope, item, value, declaration)
        elif function == "http":
            described_operation(scope, item, value, declaration)
    approve = setting(declaration.settings, "approve")
    if approve is not None:
        names = {one.name.text: scope.program.type_of(one.type, scope.module) for one in declaration.parameters}
        values.check_condition(scope, item, approve.value, names, "approve")


def _tool_options(scope: Scope, item: Item, function: str, call: CallExpression) -> None:
    """What stands in the parentheses: one text that says where the tool is, then options by name."""
    where, *options = call.arguments or (None,)
    if where is None or where.name is not None or not isinstance(where.value, Text | Hole):
        scope.report.add("ADL212", item, call.span, FUNCTIONS[function])
        return
    known = TOOL_OPTIONS[function]
    for one in options:
        spec = known.get(one.name.text) if one.name is not None else None
        if one.name is None or spec is None:
            span = one.name.span if one.name is not None else one.span
            hint, fixes = suggestion(item, span, one.name.text, known) if one.name is not None else ("", ())
            message = f"`{function}` takes no such option.{hint or ' It takes ' + ', '.join(known) + '.'}"
            scope.report.add("ADL203", item, span, message, fixes=fixes)
            continue
        _value(scope, item, Setting(one.name, one.value, one.span), spec, "tool")
        _secrets(scope, item, one.name.text, one.value)
        for part in walk(one.value):
            if isinstance(part, CallExpression) and _is_env(part):
                values.check_env(scope, item, part)


def python_function(scope: Scope, item: Item, call: Expression, declaration: ToolDeclaration | None = None) -> None:
    """``python("file.py:function")``: the file and the function exist; a tool's function is as the tool is declared."""
    assert isinstance(call, CallExpression)
    argument = call.arguments[0].value if call.arguments else None
    if not isinstance(argument, Text) or ":" not in argument.value:
        scope.report.add("ADL212", item, call.span, 'Write the file and the function: python("file.py:function").')
        return
    file, _, function = argument.value.rpartition(":")
    path = Path(scope.module.path.parent / file)
    if scope.facts.exists(path) is False:
        scope.report.add("ADL513", item, argument.span, f"There is no file `{file}` beside this one.")
        return
    known = scope.facts.functions(path)
    if known is None:
        return
    if known.error:
        scope.report.add("ADL513", item, argument.span, known.error)
        return
    functions = known.functions
    if function not in functions:
        meant = did_you_mean(function, functions)
        scope.report.add(
            "ADL513",
            item,
            argument.span,
            f"{file} has no function `{function}`." + (f" Did you mean `{meant}`?" if meant else ""),
            fixes=[replace(item, argument.span, f'"{file}:{meant}"')] if meant else (),
        )
        return
    given = [one.name.text for one in declaration.parameters] if declaration is not None else ()
    for one in functions[function].nameless:
        if one in given or one in functions[function].required:
            message = (
                f"`{function}` in {file} takes `{one}` by position alone; it is called by names, so take out its `/`."
            )
            scope.report.add("ADL203", item, argument.span, message)
            return
    if declaration is not None:
        _fits_declaration(scope, item, argument, functions[function], declaration)


def _fits_declaration(
    scope: Scope, item: Item, written: Text, function: PythonFunction, declaration: ToolDeclaration
) -> None:
    """The function takes what the tool gives, in its types, and gives what the tool is declared to."""
    name = f"`{written.value.rpartition(':')[2]}` in {written.value.rpartition(':')[0]}"
    inputs = {one.name.text: scope.program.type_of(one.type, scope.module) for one in declaration.parameters}
    for one in inputs:
        if one not in function.parameters and not function.takes_any:
            scope.report.add("ADL203", item, written.span, f"{name} has no parameter `{one}`; the tool gives one.")
            return
    for one in function.required:
        if one not in inputs:
            scope.report.add("ADL203", item, written.span, f"{name} needs `{one}`; the tool does not give it.")
            return
    for one, declared in inputs.items():
        wanted = function.types.get(one, UNKNOWN)
        if not fits(declared, wanted):
            message = f"{name} takes `{one}` as {describe(wanted)}; the tool gives {describe(declared)}."
            scope.report.add("ADL205", item, written.span, message)
    returns = scope.signature(scope.program.entity(scope.module, item)).returns
    if not fits(function.returns, returns):
        message = f"{name} gives {describe(function.returns)}; the tool is declared to give {describe(returns)}."
        scope.report.add("ADL205", item, written.span, message)
