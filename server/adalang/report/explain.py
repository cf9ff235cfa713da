"""Who was blamed for what, and what was tried about it: a run as a tree of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adalang.figures import percent
from adalang.report.rounds import Attempt, Blamed, Round, Together, Trial
from adalang.report.story import Story
from adalang.report.visible import visible

_SHOWN_NOTES = 8
_LONGEST = 160


def round_lines(story: Story, one: Round) -> list[str]:
    """A round: failing rows, blame with its notes, the hypotheses with what became of each."""
    lines = [round_title(story, one)]
    branches: list[list[str]] = [[_rows(one)]] if one.nth else []
    if one.blame:
        branches.append(_blame(one))
    branches += [[_hypothesis(one, attempt), *_fate(story, one, attempt)] for attempt in one.attempts]
    branches += [[_joined(each), *_trials(story, each.trials)] for each in one.together]
    if one.broken:
        branches.append([f"the teacher gave no usable answer: {short(one.broken)}"])
    branches.append([_outcome(one)])
    return lines + list(_tree(branches))


def round_title(story: Story, one: Round) -> str:
    """`Round 3 (edit_text) from the file, 31 calls`."""
    name = (
        f"Round {one.number} ({one.operator}) from {story.name_of(one.parent)}" if one.nth else "Before the first round"
    )
    return f"{name}, {one.calls} calls"


def run_lines(story: Story) -> list[str]:
    """The whole run: its rounds, and then what :func:`summary_lines` says."""
    lines: list[str] = []
    for one in story.rounds:
        lines += [*round_lines(story, one), ""]
    return lines + summary_lines(story)


def summary_lines(story: Story) -> list[str]:
    """By param: its share of all blame, and how many of the changes tried on it won; then how the run ended."""
    lines = []
    blame = story.blame()
    tried = {param: tally(story, param) for param in dict.fromkeys([*blame, *_tried_params(story)])}
    if tried:
        lines.append("Blame over all rounds")
        branches = []
        for param, (count, kept) in tried.items():
            share = f"{percent(blame[param])} of the blame" if param in blame else "no blame asked for"
            branches.append([f"{param}: {share}; {count} {_plural(count, 'change')} tried, {kept} kept"])
        lines += _tree(branches)
    lines += [f"Search ended after {end['rounds']} rounds: {end['reason']}" for end in story.ends]
    lines += [_test(story)] if story.ship_test else []
    if story.finished:
        lines.append(f"Outcome: {story.finished['kind']}. {story.finished['reason']}")
    else:
        lines.append("The run has not ended: the same command goes on from there.")
    return lines


def fate_of(story: Story, one: Round, attempt: Attempt) -> str:
    """What became of a change, in one line."""
    return "; ".join(_fate(story, one, attempt))


def tally(story: Story, param: str) -> tuple[int, int]:
    """How many changes of a param were thought of, and how many of them stand in a candidate that became the best one."""
    count = kept = 0
    for one in story.rounds:
        winners = {best.candidate for best in one.won}
        parts = {number for each in one.together if each.candidate in winners for number in each.parts}
        own = [attempt for attempt in one.attempts if attempt.param == param]
        count += len(own)
        kept += sum(attempt.number in parts or attempt.candidate in winners for attempt in own)
    return count, kept


def short(text: str, most: int = _LONGEST) -> str:
    """A text on one line, cut where it is too long."""
    plain = visible(" ".join(text.split()))
    return plain if len(plain) <= most else plain[: most - 1] + "…"


# ---- branches


def _rows(one: Round) -> str:
    failed = one.failing
    if one.blame and not failed:
        return f"{len(one.batch)} train rows; which of them fail was not kept"
    shown = " ".join(row[:8] for row in failed[:_SHOWN_NOTES]) + (" …" if len(failed) > _SHOWN_NOTES else "")
    return f"{len(failed)} of {len(one.batch)} train rows fail" + (f": {shown}" if failed else "")


def _blame(one: Round) -> list[str]:
    """A line for each param with its share, and below those that are to be changed what the rows say about them."""
    params = sorted(one.blame, key=lambda param: -one.blame[param])
    lines = ["blamed: " + ", ".join(f"{param} {percent(one.share(param))}" for param in params)]
    branches = []
    for param in params:
        notes = [note for note in one.notes if note.param == param]
        if notes:
            branches.append([f"{param}, {len(notes)} {_plural(len(notes), 'note')}", *_tree(_notes(notes))])
    return lines + list(_tree(branches))


def _notes(notes: Sequence[Blamed]) -> list[list[str]]:
    most_blamed = sorted(notes, key=lambda note: (-note.blame, note.row, note.call))
    lines = [
        [f"{note.row[:8]}{f', {note.when}' if note.when else ''} ({percent(note.blame)}): {short(note.text)}"]
        for note in most_blamed[:_SHOWN_NOTES]
    ]
    rest = len(notes) - _SHOWN_NOTES
    return lines + ([[f"… and {rest} more"]] if rest > 0 else [])


def _hypothesis(one: Round, attempt: Attempt) -> str:
    cause = f"{short(attempt.cause)} -> " if attempt.cause else ""
    param = f"{attempt.param}: " if len({each.param for each in one.attempts}) > 1 or not one.targets else ""
    return f"[{attempt.number}] {param}{cause}{short(attempt.change)}"


def _joined(each: Together) -> str:
    return f"{' + '.join(f'[{number}]' for number in each.parts)} together" if each.parts else "what was found before"


def _fate(story: Story, one: Round, attempt: Attempt) -> list[str]:
    if attempt.refused:
        return [f"refused before any call: {short(attempt.refused)}"]
    joined = [each for each in one.together if attempt.number in each.parts]
    won = any(best.candidate == each.candidate for best in one.won for each in joined)
    found = _trials(story, attempt.trials)
    if won:
        return [*found, "kept, together with others"]
    if found:
        return found
    if joined:
        return ["tried together with others only"]
    return ["not tried" if attempt.candidate else "the same as another change, or no edit came of it"]


def _trials(story: Story, trials: Sequence[Trial]) -> list[str]:
    return [trial_line(story, trial) for trial in trials]


def trial_line(story: Story, trial: Trial) -> str:
    """A trial in words."""
    if trial.kind == "screen":
        where = f" on {trial.rows} {_plural(trial.rows, 'row')}" if trial.rows else ""
        if trial.broke:
            return f"screened {trial.delta:+.1f}{where}: dropped, it breaks {', '.join(row[:8] for row in trial.broke)}"
        return f"screened {trial.delta:+.1f}{where}: {'passed' if trial.passed else 'dropped'}"
    where = f" on {trial.rows} rows" if trial.rows else " at the first look"
    rival = f" against {story.name_of(trial.against)}" if trial.against else ""
    value = f", {trial.value:+.1f} with what `prefer` counts" if trial.value is not None else ""
    return f"raced {trial.delta:+.1f}{where}{rival}{value}: {'kept' if trial.passed else 'dropped'}"


def _outcome(one: Round) -> str:
    if not one.won:
        return "nothing was kept"
    best = one.won[-1]
    return f"new best: {percent(best.mean)} on {best.rows} selection rows"


def _test(story: Story) -> str:
    told = story.ship_test
    return (
        f"Final test on {told['n']} untouched rows: {percent(told['before'])} -> {percent(told['after'])}, "
        f"p = {told['p']:.2g} (needed {told['alpha']:.3f})"
    )


def _tried_params(story: Story) -> list[str]:
    return [attempt.param for one in story.rounds for attempt in one.attempts]


def _tree(branches: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each branch is its line and the lines below it."""
    for nth, (line, *below) in enumerate(branches, start=1):
        last = nth == len(branches)
        yield f"{'└─' if last else '├─'} {line}"
        for each in below:
            yield f"{'  ' if last else '│ '} {each}"


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
