"""The table of verbs, and the one place where failures become a clear line and an exit code."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Any

import typer

from adalang.cli import (
    check,
    compare,
    doctor,
    evaluate,
    fmt,
    graph,
    init,
    models,
    optimize,
    proposals,
    run_component,
    runs,
    server,
    sessions,
    store,
    stubs,
    trace,
    watch,
)
from adalang.cli.stopped import Stopped

# Typer uses the click that is installed or, in later versions, a copy of its own: this is the class that it raises.
_UsageError: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

_INTERRUPTED = 130

app = typer.Typer(
    name="adalang",
    help="Prompts and LLM pipelines as source code, with an optimizer whose proposals come with evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_WRITE, _RUN, _IMPROVE, _LOOK, _SET_UP = "Write", "Run and score", "Improve", "Look back", "Set up"
"""Under what the help lists the verbs."""

app.command("init", rich_help_panel=_WRITE)(init.init)
app.command("check", rich_help_panel=_WRITE)(check.check)
app.command("fmt", rich_help_panel=_WRITE)(fmt.fmt)
app.command("graph", rich_help_panel=_WRITE)(graph.graph)
app.command("watch", rich_help_panel=_WRITE)(watch.watch)
app.command("stubs", rich_help_panel=_WRITE)(stubs.stubs)
app.command("run", rich_help_panel=_RUN)(run_component.run)
app.command("eval", rich_help_panel=_RUN)(evaluate.evaluate)
app.command("compare", rich_help_panel=_RUN)(compare.compare)
app.command("optimize", rich_help_panel=_IMPROVE)(optimize.optimize)
app.add_typer(proposals.app, name="proposals", rich_help_panel=_IMPROVE)
app.add_typer(trace.app, name="trace", rich_help_panel=_LOOK)
app.add_typer(runs.app, name="runs", rich_help_panel=_LOOK)
app.add_typer(sessions.app, name="sessions", rich_help_panel=_LOOK)
app.add_typer(store.app, name="store", rich_help_panel=_LOOK)
app.command("models", rich_help_panel=_SET_UP)(models.models)
app.command("doctor", rich_help_panel=_SET_UP)(doctor.doctor)
app.command("server", rich_help_panel=_SET_UP)(server.server)


def _version(wanted: bool) -> None:
    if wanted:
        from adalang import __version__

        print(f"adalang {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run(arguments: list[str]) -> int:
    """Run a command line; gives the exit code. Expected failures end in one clear line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # half a character, or one that a terminal lacks, is shown as its escape
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(args=arguments, standalone_mode=False)
        sys.stdout.flush()
        if code == _INTERRUPTED:  # Typer turns Ctrl-C into this code by itself
            return _interrupted()
        return code if isinstance(code, int) else 0
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except _UsageError as error:
        _explain_usage(error)
        return 2
    except Stopped as stopped:
        return _interrupted(str(stopped))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        from adalang.cli.common import note
        from adalang.cli.failures import explain

        message = explain(error)
        if message is None:
            raise
        note(f"error: {message}")
        return 2


def _explain_usage(error: Any) -> None:
    """What is wrong with the command line, in one line; a verb without arguments has printed its help already."""
    own = isinstance(error, typer.BadParameter) and error.param is None
    message = error.message if own else error.format_message()
    if not message.strip():
        return
    context = getattr(error, "ctx", None)
    more = f" (see {context.command_path} --help)" if context is not None and not own else ""
    print(f"error: {message}{more}", file=sys.stderr)


def _interrupted(further: str = "All that was answered is kept: the same command goes on from there.") -> int:
    print(f"\nStopped. {further}", file=sys.stderr)
    return _INTERRUPTED
