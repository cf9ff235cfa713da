"""The shell of a report: one HTML file that needs nothing else, in light and dark, whole without its script.

A report is a template that extends ``page.html.j2`` (blocks ``subtitle`` and ``content``) and is drawn by :func:`page`. Its
values are escaped; only what is Markup already, such as a chart, stands as it is. The page's own policy lets a browser load
nothing and run no script but ours, should a value ever slip through.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adalang import __version__
from adalang.figures import dollars

_HERE = Path(__file__).parent


def page(template: str, title: str, *, made: str = "", **values: Any) -> str:
    """Draw a report.

    Args:
        template: the name of a template in this folder, such as ``evaluation.html.j2``.
        made: when, in words; empty where the page must not hang on the clock.
        values: what the template names besides; one that it names and is not given raises ``jinja2.UndefinedError``.
    """
    script = _text("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    drawn = (
        _environment()
        .get_template(template)
        .render(
            values,
            dollars=dollars,
            title=title,
            made=made,
            version=__version__,
            style=Markup(_text("page.css")),
            script=Markup(script),
            script_hash=f"sha256-{digest}",
        )
    )
    # Half a character, as a broken answer may hold, is none that a file can hold.
    return drawn.encode("utf-8", "replace").decode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
