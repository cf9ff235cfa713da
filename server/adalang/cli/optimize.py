"""``adalang optimize``: search for better params, and prove them on examples that the search never saw."""

from __future__ import annotations

import asyncio
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adalang.cli.common import (
    check_chosen,
    check_writable,
    chosen_models,
    money,
    note,
    open_session,
    percent,
    print_json,
    say,
    say_offline,
    settings_for,
    split_target,
)
from adalang.cli.runs import report_run
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.cli.event_file import EventFile
    from adalang.cli.watching import Watching
    from adalang.engine.optimization import Optimization, OptimizeResult
    from adalang.engine.session import Session
    from adalang.language.program import Program
    from adalang.store.records import Proposal


def optimize(
    target: str = typer.Argument(..., help="A .adal file, or FILE:EVAL for one of its evals."),
    estimate: bool = typer.Option(False, "--estimate", help="Say what it would take, and stop."),
    budget_calls: int = typer.Option(None, "--budget-calls", min=1, help="Model calls at most.", show_default=False),
    budget_usd: float = typer.Option(None, "--budget-usd", min=0, max=1e9, help="USD at most.", show_default=False),
    budget_tokens: int = typer.Option(
        None, "--budget-tokens", min=1, help="Tokens at most, sent and received.", show_default=False
    ),
    budget_minutes: float = typer.Option(
        None, "--budget-minutes", min=0, max=1e6, help="Minutes at most.", show_default=False
    ),
    fresh: bool = typer.Option(False, "--fresh", help="Learn nothing from earlier runs of this eval."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Spend without asking."),
    apply: bool = typer.Option(False, "--apply", help="Apply a proposal that the final test confirms."),
    seed: int = typer.Option(None, "--seed", help="Seed of the search's random choices.", show_default=False),
    model: list[str] = typer.Option([], "--model", "-m", help="PROMPT=MODEL, or MODEL for every prompt."),
    anyway: bool = typer.Option(False, "--anyway", help="Search even where little can be gained."),
    allow_effects: bool = typer.Option(
        False, "--allow-effects", help="Call tools marked `effects = true` too, instead of replaying recorded calls."
    ),
    explain: bool = typer.Option(
        False, "--explain", help="Tell of each round who was blamed, what was tried, and why."
    ),
    events: str = typer.Option(
        "", "--events", help="Write each event to this file as a line of JSON; -: standard output."
    ),
    html: Path = typer.Option(None, "--html", help="Write a report of the run to this file.", show_default=False),
    json_output: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> None:
    """Find an edit that raises an eval, and test it on held-out examples.

    A run that was cut off goes on where it stopped. Ends with 0 when it ran to its end, with a proposal or without one.
    """
    if events == "-" and json_output:
        raise typer.BadParameter("--events - and --json both write to standard output; give one of them a file")
    check_writable(html=html)
    file, name = split_target(target)
    settings = settings_for(file)

    async def work(event_lines: EventFile | None) -> None:
        from adalang.cli.watching import Watching
        from adalang.engine.plan import optimizable
        from adalang.evaluation.plan import components_run, eval_plan

        async with open_session(settings, model) as session:
            program = session.load(file)
            check_chosen(program, chosen_models(model))
            names = optimizable(program)
            if not name and len(names) != 1:
                known = ", ".join(names) or "none; add `optimize EVAL { }`"
                raise typer.BadParameter(f"which eval? Write FILE:EVAL with one of: {known}")
            called = components_run(program, eval_plan(program, name or names[0]))
            say_offline(settings, chosen_models(model), called)
            plan = session.optimize_plan(
                program,
                name or names[0],
                calls=budget_calls,
                usd=budget_usd,
                tokens=budget_tokens,
                minutes=budget_minutes,
                seed=seed,
                anyway=anyway,
                allow_effects=allow_effects,
            )
            prepared = session.prepared(program, plan)
            if not json_output or estimate:
                _print_estimate(prepared, await prepared.forecast(), json_output)
            if estimate:
                return
            prepared.check_money()
            if not _agreed(prepared.most_usd, yes):
                note("Nothing was spent.")
                raise typer.Exit(2)
            watching = Watching(prepared.estimate, quiet=json_output, explain=explain, events=event_lines)
            try:
                with watching.shown(plan.eval):
                    result = await prepared.run(on_event=watching.event, on_begin=watching.begin, fresh=fresh)
            except asyncio.CancelledError:
                _say_stopped(watching)
                raise
            applied = apply and result.proposal is not None and result.proposal.evidence.verified
            if json_output:
                print_json(_plain(result) | {"applied": applied})
            else:
                print_result(session, program, result)
            if applied and result.proposal is not None:
                _apply(session, program, result.proposal, quiet=json_output)
            if html:
                report_run(session.store, result.run_id, html)

    from adalang.cli.event_file import event_file

    with event_file(events) as lines, redirect_stdout(sys.stderr if events == "-" else sys.stdout):
        asyncio.run(work(lines))


def _print_estimate(prepared: Optimization, lines: list[str], as_json: bool) -> None:
    plan, found, usd = prepared.plan, prepared.estimate, prepared.most_usd
    bounds = {"calls": plan.calls, "tokens": plan.tokens, "usd": plan.usd, "minutes": plan.minutes}
    if as_json:
        print_json({"calls": found.calls, "usd": usd, "lines": lines, "budget": bounds, "estimate": found.numbers()})
        return
    for line in lines:
        print(line)
    told = {name: f"{amount:g} {name}" for name, amount in bounds.items() if amount is not None}
    if plan.usd is not None:
        told["usd"] = f"${plan.usd:g}"
    if told:
        print(f"Never more than the budget: {', '.join(told.values())}.")


def _agreed(usd: float | None, yes: bool) -> bool:
    """Free runs start at once; others only with a person's word."""
    if usd == 0 or yes:
        return True
    if not sys.stdin.isatty():
        raise typer.BadParameter("this costs money: add --yes to spend without being asked")
    return typer.confirm("Start?", default=False)


def _say_stopped(watching: Watching) -> None:
    """After Ctrl-C: how far it came, and where to read what it did; that it can go on is said by all verbs."""
    if watching.run_id:
        best = watching.story.bests[-1] if watching.story.bests else None
        found = f", at {percent(best.mean)} in the search" if best is not None else ""
        calls = watching.calls
        note(f"\nRun {watching.run_id} was stopped after {calls} calls{found}.")
        note(f"What it has done so far: adalang runs explain {watching.run_id}")


def print_result(session: Session, program: Program, result: OptimizeResult) -> None:
    from adalang.engine.proposals import diff, evidence_line

    usage, outcome, proposal = result.usage, result.outcome, result.proposal
    calls = f"{usage.calls} calls, {usage.cached_calls} from the cache"
    spent = f"{calls}, {money(usage.usd, usage.priced)}, {result.seconds:.1f} s"
    if proposal is None:
        more = "`adalang optimize … --anyway` searches all the same.\n" if outcome.little_to_gain else ""
        say(f"\nNo change is proposed: {outcome.reason}.\n{more}({spent})")
        for line in result.cuts:
            note(f"  cut: {line}")
        return
    if outcome.kind == "proposal":
        print(f"\nProposal {proposal.id}: {evidence_line(proposal)}")
    else:
        say(f"\nHint {proposal.id} (not an improvement that is proven): {outcome.reason}")
    print_evidence(proposal)
    say(f"\n{diff(program, proposal, session.root)}")
    print(f"({spent}; its log: adalang runs explain {result.run_id})")
    verb = "Accept it" if outcome.kind == "proposal" else "Try it"
    print(f"{verb}: adalang proposals apply {proposal.id}{_from(session.root)}")
    print("   or: open the file in your editor, where it is offered as a quick fix.")


def _from(root: Path) -> str:
    """The option that finds the store again from here."""
    from adalang.config import find_root

    return "" if find_root(Path.cwd()) == root else f" --root {root}"


def print_evidence(proposal: Any) -> None:
    found = proposal.evidence
    if found.hypothesis:
        print(f"  Why: {visible(found.hypothesis)}")
    if found.p is not None:
        print(f"  Test: p = {found.p:.2g}; {found.mended} examples mended, {found.broken} broken")
    for word, examples in (("mended", found.mended_examples), ("broken", found.broken_examples)):
        for one in examples[:2]:
            print(f"    {word}: {_example(one)}")
    if found.tokens_before and found.tokens_after:
        print(f"  Tokens per call: {found.tokens_before:.0f} -> {found.tokens_after:.0f}")
    for line in found.notes:
        print(f"  Note: {line}")


def _example(one: Any) -> str:
    text = ", ".join(f"{name} {value!r}" for name, value in one.items())
    return text if len(text) <= 160 else text[:157] + "..."


def _plain(result: OptimizeResult) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "outcome": result.outcome.kind,
        "reason": result.outcome.reason,
        "little_to_gain": result.outcome.little_to_gain,
        "proposal": result.proposal.to_json() if result.proposal else None,
        "resumed": result.resumed,
        "run_id": result.run_id,
        "cuts": list(result.cuts),
        "usage": asdict(result.usage),
        "seconds": result.seconds,
    }


def _apply(session: Session, program: Program, proposal: Proposal, *, quiet: bool) -> None:
    from adalang.engine.adopting import adopt

    adopt(session.store, program, proposal, default_model=session.settings.model)
    if not quiet:
        print(f"Applied {proposal.id} to {proposal.file}.")
