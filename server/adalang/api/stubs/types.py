"""Python types for a program's: labels as literals, objects as typed dictionaries."""

from __future__ import annotations

from adalang.api.stubs.names import Names, camel, docstring, is_plain, quoted
from adalang.language.program import Program
from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Primitive, Type


class PythonTypes:
    """Gives types their Python form; ``definitions`` are those that need a name, each after what it is made of."""

    def __init__(self, program: Program, names: Names) -> None:
        self.definitions: dict[str, str] = {}
        self._program = program
        self._free = names
        self._names: dict[tuple[Type, object, bool], str] = {}

    def output(self, declared: Type, about: str) -> str:
        """What is got: every field is there. ``about`` names what has no name of its own."""
        return self._python(declared, about, given=False)

    def input(self, declared: Type, about: str) -> str:
        """What may be given: fields that may be missing can be left out, and a tuple does for a list."""
        return self._python(declared, about, given=True)

    def _python(self, declared: Type, about: str, given: bool) -> str:
        match declared:
            case Primitive(name=name):
                return name
            case OptionalOf(item=item):
                inner = self._python(item, about, given)
                return inner if inner == "Any" else f"{inner} | None"
            case ListOf(item=item):
                inner = self._python(item, about, given)
                if not given:
                    return f"list[{inner}]"
                return "list[str] | tuple[str, ...]" if inner == "str" else f"Sequence[{inner}]"
            case Labels(labels=labels):
                literal = f"Literal[{', '.join(map(quoted, labels))}]"
                return self._named(declared, about, literal) if declared.name else literal
            case ObjectOf():
                whole = self._object(declared, about, given=False)
                return (
                    f"{whole} | {self._object(declared, about, given=True)}" if given and _partial(declared) else whole
                )
            case _:
                return "Any"

    def _named(self, declared: Labels, about: str, literal: str) -> str:
        key = (declared, declared.origin, False)
        if key not in self._names:
            name = self._names[key] = self._new_name(declared, about)
            self.definitions[name] = f"{name}: TypeAlias = {literal}"
        return self._names[key]

    def _object(self, declared: ObjectOf, about: str, given: bool) -> str:
        key = (declared, declared.origin or (None if declared.name else about), given)
        if key not in self._names:
            name = self._names[key] = self._new_name(declared, about, "Input" * given)
            self.definitions[name] = self._typed_dict(name, declared, about, given)
        return self._names[key]

    def _new_name(self, declared: Labels | ObjectOf, about: str, suffix: str = "") -> str:
        """Its own name; with that of its file, or of what it is for, where it has none or another type has the same."""
        origin = declared.origin
        home = self._program.prefixes.get(origin.path, "") if origin is not None else about
        wanted = declared.name or camel(about)
        return self._free.take(f"{wanted}{suffix}", f"{camel(home)}{camel(wanted)}{suffix}")

    def _doc(self, declared: ObjectOf) -> str:
        """The comment above the type's declaration."""
        origin = declared.origin
        module = self._program.modules.get(origin.path) if origin is not None else None
        item = module.names.get(origin.name.text) if module is not None and origin is not None else None
        return item.declaration.doc if item is not None else ""

    def _typed_dict(self, name: str, declared: ObjectOf, about: str, given: bool) -> str:
        fields = {}
        for one in declared.fields:
            python = self._python(one.type, f"{declared.name or about}.{one.name}", given)
            left_out = given and isinstance(one.type, OptionalOf)
            fields[one.name] = f"NotRequired[{python}]" if left_out else python
        if not all(is_plain(field) and not field.startswith("__") for field in fields):
            inside = ", ".join(f"{quoted(field)}: {python}" for field, python in fields.items())
            return f"{name} = TypedDict({quoted(name)}, {{{inside}}})"
        lines = [f"class {name}(TypedDict):", *docstring(self._doc(declared), "    ")]
        for one in declared.fields:
            lines += [f"    {one.name}: {fields[one.name]}", *docstring(one.description, "    ")]
        return "\n".join(lines if fields else [*lines, "    pass"])


def _partial(declared: Type) -> bool:
    """Whether something inside may be left out."""
    match declared:
        case ObjectOf(fields=fields):
            return any(isinstance(one.type, OptionalOf) or _partial(one.type) for one in fields)
        case ListOf(item=item) | OptionalOf(item=item):
            return _partial(item)
        case _:
            return False
