"""Evaluations and comparisons as JUnit XML, as CI systems read it: a suite for each eval; a test case for each row, or for what
is required of a comparison."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from adalang.evaluation.compared import Compared, Verdict
from adalang.evaluation.results import Evaluation, RowResult
from adalang.report.charts import percent
from adalang.report.diff import as_text, inputs_text
from adalang.report.rows import ReportRow, report_rows

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(file: str, evaluations: Sequence[Evaluation]) -> str:
    """One document for the evals of a file.

    A row without full marks is a failure, one that got no answer an error. The goal is a case of its own, named ``goal``. A
    void evaluation has a case ``score`` that is an error, and its goal is one too: nothing is known of it.
    """
    return _document(file, [_suite(file, found) for found in evaluations])


def comparison_junit(file: str, results: Sequence[Compared], required: str, refused: Collection[Verdict]) -> str:
    """One document for the evals of two sides, with one case each, named after what is ``required`` of the second.

    It is a failure where the verdict is one of ``refused``, with the broken rows, and an error where the comparison is void.
    """
    return _document(file, [_comparison_suite(file, found, required, refused) for found in results])


def _document(file: str, suites: Sequence[Element]) -> str:
    root = Element("testsuites", name=_clean(file))
    for suite in suites:
        cases = suite.findall("testcase")
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
        suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
        suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
        root.append(suite)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _opened(name: str, about: Mapping[str, object]) -> Element:
    suite = Element("testsuite", name=_clean(name))
    properties = SubElement(suite, "properties")
    for key, value in about.items():
        if value is not None:
            SubElement(properties, "property", name=key, value=_clean(as_text(value)))
    return suite


def _comparison_suite(file: str, found: Compared, required: str, refused: Collection[Verdict]) -> Element:
    told = found.to_json()
    figures = {name: told[name] for name in ("verdict", "n", "difference", "low", "high", "p", "method")}
    names = {"before": found.names[0], "after": found.names[1]}
    suite = _opened(f"{file}:{found.after.eval}", figures | names)
    seconds = sum(row.answer_usage.seconds for side in (found.before, found.after) for row in side.rows)
    case = _case(suite, _clean(f"{file}.{found.after.eval}"), required, seconds)
    against = f"{found.names[1]} against {found.names[0]}: {found.words}"
    if found.verdict == "void":
        SubElement(case, "error", type="void", message=_clean(against))
    elif found.verdict in refused:
        failure = SubElement(case, "failure", type=found.verdict, message=_clean(against))
        failure.text = _clean("\n".join(_broken(*both) for both in found.changed(found.comparison.broken)))
    return suite


def _broken(before: RowResult, after: RowResult) -> str:
    outputs = f"{as_text(before.output)} -> {as_text(after.output)}"
    return f"broken {after.row_id}: expected {as_text(after.expected)}, {outputs}"


def _suite(file: str, found: Evaluation) -> Element:
    paid_for = {"usd": found.usage.usd, "fingerprint": found.fingerprint}
    suite = _opened(f"{file}:{found.eval}", found.to_json() | paid_for)
    group = _clean(f"{file}.{found.eval}")
    rows = report_rows(found)
    if found.void:
        message = f"void: {found.transport_failures} of {len(found.rows)} runs got no answer"
        SubElement(_case(suite, group, "score"), "error", type="void", message=message)
    if found.goal is not None:
        _judge_goal(_case(suite, group, "goal"), found, found.goal)
    for row in rows:
        _judge_row(_case(suite, group, row.id, sum(sample.answer_usage.seconds for sample in row.samples)), row)
    return suite


def _case(suite: Element, group: str, name: str, seconds: float = 0.0) -> Element:
    return SubElement(suite, "testcase", classname=group, name=_clean(name), time=f"{seconds:.3f}")


def _judge_goal(case: Element, found: Evaluation, goal: float) -> None:
    if found.score is None:
        SubElement(case, "error", type="void", message=f"goal {percent(goal)}: nothing is known of it")
    elif found.goal_missed:
        interval = f"[{percent(found.interval.low)}, {percent(found.interval.high)}]"
        message = f"goal {percent(goal)} missed: {percent(found.score)} {interval} on {found.on_rows}"
        SubElement(case, "failure", type="goal", message=message)


def _judge_row(case: Element, row: ReportRow) -> None:
    shown = row.shown
    if row.score is None:
        error = SubElement(case, "error", type="transport", message=_clean(shown.error or "no answer"))
        error.text = _clean(f"input: {inputs_text(shown.inputs)}")
    elif row.kind == "failed":
        scores = ", ".join("no answer" if one.score is None else f"{one.score:g}" for one in row.samples)
        expected, got = as_text(shown.expected), as_text(shown.output)
        why = shown.reason or shown.error or f"expected {expected}, got {got}"
        kind = "wrong" if shown.status == "ok" else shown.status
        failure = SubElement(case, "failure", type=kind, message=_clean(f"score {scores}: {why}"))
        failure.text = _clean(f"input: {inputs_text(shown.inputs)}\nexpected: {expected}\ngot: {got}")


def _clean(text: str) -> str:
    """Without the characters that no XML document may hold."""
    return _NO_XML.sub("�", text)
