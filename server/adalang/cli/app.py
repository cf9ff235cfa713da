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

app.command("check")(check.check)
app.command("fmt")(fmt.fmt)
app.command("graph")(graph.graph)
app.command("run")(run_component.run)
app.command("eval")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("optimize")(optimize.optimize)
app.add_typer(proposals.app, name="proposals")
app.add_typer(runs.app, name="runs")
app.add_typer(sessions.app, name="sessions")
app.command("stubs")(stubs.stubs)
app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("models")(models.models)
app.add_typer(store.app, name="store")
app.add_typer(trace.app, name="trace")
app.command("watch")(watch.watch)
app.command("server")(server.server)


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
