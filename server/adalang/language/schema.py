"""The pydantic model of a type: what an answer is validated with and what tools can introspect.

pydantic is imported only when a model is asked for; nothing that runs on a keystroke needs this file.
"""

from __future__ import annotations

import keyword
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from adalang.language.types import Field, Labels, ListOf, ObjectOf, OptionalOf, Primitive, Type

if TYPE_CHECKING:
    from pydantic import BaseModel

_PYTHON: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


@lru_cache(maxsize=512)
def pydantic_type(declared: Type) -> Any:
    """The annotation that pydantic validates the type with: ``str``, ``Literal[...]``, ``list[...]`` or a model class.

    Values are not coerced (the text "3" is no int), objects are closed, and optional fields may be left out.
    Give it to ``pydantic.TypeAdapter`` to validate any value, objects and lists alike.
    """
    match declared:
        case Primitive(name=name):
            return _strict(_PYTHON[name])
        case Labels(labels=labels):
            return Literal[labels]
        case ListOf(item=item):
            return list[pydantic_type(item)]  # type: ignore[misc]
        case OptionalOf(item=item):
            return pydantic_type(item) | None
        case ObjectOf():
            return _model(declared)
        case _:
            return Any


def _strict(plain: type) -> Any:
    from typing import Annotated

    from pydantic import Strict

    return Annotated[plain, Strict()]


def _model(declared: ObjectOf) -> type[BaseModel]:
    from pydantic import ConfigDict, create_model

    fields: dict[str, Any] = {}
    for number, one in enumerate(declared.fields):
        fields[_attribute(one.name, number)] = (pydantic_type(one.type), _field(one, number))
    return create_model(
        declared.name or "Answer",
        __config__=ConfigDict(extra="forbid", populate_by_name=True, protected_namespaces=()),
        **fields,
    )


def _attribute(name: str, number: int) -> str:
    """A Python attribute's name for a field; fields that Python or pydantic keep for themselves get an alias."""
    from pydantic import BaseModel

    usable = name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")
    return name if usable and not hasattr(BaseModel, name) else f"field_{number}"


def _field(one: Field, number: int) -> Any:
    from pydantic import Field as PydanticField

    options: dict[str, Any] = {"description": one.description or None}
    if _attribute(one.name, number) != one.name:
        options["alias"] = one.name
    return PydanticField(None, **options) if isinstance(one.type, OptionalOf) else PydanticField(..., **options)
