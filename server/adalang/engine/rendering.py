"""A prompt's messages, or an agent's first ones, as a run would send them, for the editor's preview.

Nothing is called, no store is opened, and none of the user's Python is imported: templates run in their sandbox alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from adalang.config import load_settings
from adalang.engine.gateways import file_folders
from adalang.engine.protocol import RenderRequest
from adalang.language.data import anchored_in
from adalang.language.declarations import AgentDeclaration, PromptDeclaration, setting
from adalang.language.program import Entity, load, reader_with
from adalang.runtime.failures import Failure
from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, told
from adalang.runtime.prompts import prompt_form
from adalang.runtime.resolve import Models
from adalang.runtime.services import Services


def rendered(root: Path, request: RenderRequest) -> dict[str, Any]:
    """``messages`` (role and parts), of an agent those that it begins with; the ``schema`` that goes with them or null, the ``tools``
    that do, the ``model``; or ``error``, why there are none.

    ``model_problem`` says why the model cannot be called now; the messages do not need it.
    """
    file = Path(request.file).absolute()
    program = load(file, reader_with(request.texts))
    entity = program.resolve(request.component) if program is not None else None
    if program is None or entity is None or entity.kind not in ("prompt", "agent"):
        return {"error": f"{file.name} has no prompt and no agent `{request.component}`."}
    settings = load_settings(root)
    models = Models(program, settings.model, settings.environment)
    told = _model(models, entity)
    if told["model_problem"]:
        models = replace(models, instead={entity.id: ModelSpec("builtin/lexical")})
    try:
        inputs = anchored_in(request.inputs, request.row_of)
        services = Services(file_folders=file_folders(settings))
        messages, tools, _ = Runtime(program, Gateway(None), models, services=services).opening(entity, inputs)
    except Failure as failure:
        return {"error": str(failure)}
    return {
        "messages": [_plain(one) for one in messages],
        "schema": prompt_form(program, entity, {}).schema if entity.kind == "prompt" else None,
        "tools": [one["function"] for one in tools],
        **told,
    }


def _model(models: Models, entity: Entity) -> dict[str, Any]:
    assert isinstance(entity.declaration, PromptDeclaration | AgentDeclaration)
    try:
        spec: ModelSpec = models.of_setting(entity, setting(entity.declaration.settings, "model"))
    except Failure as failure:
        return {"model": "", "options": {}, "model_problem": str(failure)}
    return {"model": spec.id, "options": dict(spec.options), "model_problem": ""}


def _plain(message: Message) -> dict[str, Any]:
    parts = [{"text": message.content}] if isinstance(message.content, str) else [told(one) for one in message.content]
    return {"role": message.role, "parts": parts}
