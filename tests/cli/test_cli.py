"""The command line as a person or a CI job uses it: a real process, its streams and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.commands import run_command
from tests.engine import world

GOOD = 'prompt answer(question: str) = """\n  Answer in one short sentence.\n  {{ question }}\n  """\n'
BAD = 'prompt answer(question: str) = """\n  {{ qestion }}\n  """\n'


def adalang(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ADALANG_")}
    return run_command(
        *arguments, cwd=cwd, environment={**environment, "NO_COLOR": "1", "COLUMNS": "120", **(env or {})}, stdin=stdin
    )


def one_clear_line(done) -> str:
    """What went wrong, which must be no traceback and no more than a few lines."""
    assert "Traceback" not in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) <= 8, done.stderr
    return done.stderr


def test_a_file_with_nothing_to_run_says_so(tmp_path):
    (tmp_path / "a.adal").write_text('type Team = "a" | "b"\n')
    told = "error: a.adal declares nothing that runs: no prompt, pipeline, agent, retriever or tool\n"
    assert adalang("run", "a.adal", cwd=tmp_path).stderr == told
    assert "called `x`; there is none" in adalang("run", "a.adal:x", cwd=tmp_path).stderr


# ---- check


def test_check_is_silent_about_good_files(tmp_path):
    (tmp_path / "a.adal").write_text(GOOD)
    done = adalang("check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "1 file checked: nothing found.\n")


def test_check_shows_place_code_mend_and_carets(tmp_path):
    (tmp_path / "a.adal").write_text(BAD)
    done = adalang("check", "a.adal", cwd=tmp_path)
    assert done.returncode == 1
    assert (
        "a.adal:2:6: error ADL301 `qestion` is no input or param of `answer`. Did you mean `question`?" in done.stdout
    )
    assert "  2 |   {{ qestion }}\n    |      ^^^^^^^\n" in done.stdout


def test_check_as_json_github_and_sarif(tmp_path):
    (tmp_path / "a.adal").write_text(BAD)
    told = json.loads(adalang("check", "a.adal", "--format", "json", cwd=tmp_path).stdout)
    first = next(one for one in told["diagnostics"] if one["code"] == "ADL301")
    assert (first["line"], first["column"], first["severity"]) == (2, 6, "error")
    assert first["fixes"][0] == "Change to `question`"
    github = adalang("check", "a.adal", "--format", "github", cwd=tmp_path)
    assert github.returncode == 1
    assert "::error file=a.adal,line=2,col=6,endLine=2,endColumn=13,title=ADL301::`qestion`" in github.stdout
    (tmp_path / "my files").mkdir()
    (tmp_path / "my files" / "ä#1.adal").write_text(BAD)
    sarif = json.loads(adalang("check", "my files", "--format", "sarif", cwd=tmp_path).stdout)
    result = next(one for one in sarif["runs"][0]["results"] if one["ruleId"] == "ADL301")
    assert result["locations"][0]["physicalLocation"]["region"]["startColumn"] == 6
    assert sarif["version"] == "2.1.0"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20files/%C3%A4%231.adal"
    (tmp_path / "elsewhere").mkdir()
    outside = adalang("check", str(tmp_path / "my files"), "--format", "sarif", cwd=tmp_path / "elsewhere").stdout
    assert f'"uri": "{(tmp_path / "my files" / "ä#1.adal").as_uri()}"' in outside


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "nothing.adal"], "there is no file nothing.adal"),
        (["eval", "nothing.adal"], "there is no file nothing.adal"),
        (["run", "a.adal:nothing"], "no component is called `nothing`; there are: answer"),
        (["run", "a.adal", "--set", "q=1"], "has no input `q`; it takes question"),
        (["run", "a.adal"], "needs the input `question`"),
        (["run", "a.adal", "--inputs", "{"], "--inputs takes a JSON object"),
        (["run", "a.adal", "--record", "."], "--record: . cannot be written: it is a folder; name a file"),
        (["eval", "a.adal"], "has no eval"),
        (["eval", "a.adal:x"], "no eval is called `x`; there are: none"),
        (["optimize", "a.adal"], "which eval?"),
        (["proposals", "show", "abc"], "has no store yet"),
        (["store", "prune", "--older-than", "soon"], "--older-than takes a time such as 30d"),
        (["server", "--tcp", "here"], "--tcp takes HOST:PORT"),
        (["frobnicate"], "No such command 'frobnicate'"),
    ],
)
def test_bad_input_gets_one_clear_error_and_exit_2(tmp_path, arguments, told):
    (tmp_path / "a.adal").write_text(GOOD)
    done = adalang(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert told in " ".join(one_clear_line(done).replace("│", " ").split())


# ---- run


def test_run_answers_offline_and_says_so(tmp_path):
    (tmp_path / "a.adal").write_text(
        'prompt find(context: str, question: str) -> str {\n  user = """\n    Context: {{ context }}\n'
        '    Question: {{ question }}\n    """\n}\n'
    )
    context = "Bees make honey. Cows give milk. Hens lay eggs."
    done = adalang("run", "a.adal", "-s", f"context={context}", "-s", "question=Who gives milk?", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "milk" in done.stdout
    assert "offline builtin/lexical answers" in done.stderr
    shown = adalang(
        "run", "a.adal", "--inputs", "-", "--show-prompt", cwd=tmp_path, stdin='{"context": "C", "question": "Q"}'
    )
    assert shown.stdout == "--- user\nContext: C\nQuestion: Q\n"


def test_the_prompt_is_shown_as_it_would_be_sent(tmp_path):
    short = "cut = [notes]\n  user = \"{{ notes | join(' ') }}\"\n}\n"
    model = 'model m = "builtin/lexical" { window = 24 }\n'
    (tmp_path / "a.adal").write_text(
        f"{model}prompt p(notes: str[]) {{\n  model = m\n  {short}pipeline q() {{\n  return 1\n}}\n"
    )
    notes = json.dumps(["one two three four five six", "words " * 40])
    done = adalang("run", "a.adal:p", "-s", f"notes:={notes}", "--show-prompt", cwd=tmp_path)
    assert done.stdout == "--- user\none two three four five six\n", done.stderr
    assert "note: `p`: `notes` lost its last 1 of 2 items" in done.stderr
    other = adalang("run", "a.adal:q", "--show-prompt", cwd=tmp_path)
    assert other.returncode == 2 and "only prompts and agents have messages" in one_clear_line(other)


def test_numbers_and_bools_can_be_set_as_they_are(tmp_path):
    (tmp_path / "a.adal").write_text('prompt p(n: int, b: bool, w: str) = """{{ n }} {{ b }} {{ w }}"""\n')
    done = adalang("run", "a.adal", "-s", "n=4", "-s", "b=true", "-s", "w=4", "--show-prompt", cwd=tmp_path)
    assert done.stdout == "--- user\n4 True 4\n", done.stderr
    wrong = adalang("run", "a.adal", "-s", "n=four", "-s", "b=true", "-s", "w=4", cwd=tmp_path)
    assert wrong.returncode == 2 and "write --set n:=4" in one_clear_line(wrong)


def test_a_misspelt_model_override_is_refused(tmp_path):
    world.write(tmp_path, count=30)
    done = adalang("eval", "orders.adal", "--model", "clasify=builtin/lexical", cwd=tmp_path)
    assert done.returncode == 2
    assert "no prompt is called `clasify`; did you mean `classify`?" in one_clear_line(done)


def test_looking_makes_no_store(tmp_path):
    for verb in (["store", "show"], ["store", "export"], ["store", "prune", "--yes"]):
        done = adalang(*verb, cwd=tmp_path)
        assert done.returncode == 2 and "has no store yet" in one_clear_line(done)
    assert not (tmp_path / ".adalang").exists()


def test_a_file_with_errors_refuses_to_run(tmp_path):
    (tmp_path / "a.adal").write_text(BAD)
    done = adalang("run", "a.adal", "-s", "question=x", cwd=tmp_path)
    assert done.returncode == 2
    assert "a.adal:2:6: ADL301" in one_clear_line(done)


# ---- eval and optimize


def test_eval_prints_score_interval_failing_rows_and_uses_the_cache(tmp_path):
    world.write(tmp_path, count=120)
    first = adalang("eval", "orders.adal", "--failing", "2", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "sorting (val):" in first.stdout and "expected" in first.stdout and "more (--failing" in first.stdout
    again = json.loads(adalang("eval", "orders.adal:sorting", "--json", cwd=tmp_path).stdout)
    assert again[0]["usage"]["calls"] == 0
    assert again[0]["usage"]["cached_calls"] == again[0]["n"]
    assert again[0]["low"] < again[0]["score"] < again[0]["high"]


def test_eval_ends_with_1_when_the_goal_is_missed(tmp_path):
    file = world.write(tmp_path, count=60)
    file.write_text(file.read_text().replace("  metric = exact_match\n", "  metric = exact_match\n  goal = 0.99\n"))
    done = adalang("eval", "orders.adal", cwd=tmp_path)
    assert done.returncode == 1
    assert "goal 99.0%: missed" in done.stdout


def with_metric(folder: Path, code: str) -> None:
    file = world.write(folder, count=60)
    file.write_text(file.read_text().replace("metric = exact_match", 'metric = python("metric.py:score")'))
    (folder / "metric.py").write_text(code)


def test_what_a_metric_prints_is_not_part_of_the_json(tmp_path):
    with_metric(tmp_path, "print('at import')\ndef score(output):\n    print('at a call')\n    return 1.0\n")
    done = adalang("eval", "orders.adal", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)[0]["score"] == 1.0
    assert "at import" in done.stderr and "at a call" in done.stderr


def test_a_metric_that_exits_is_an_error(tmp_path):
    with_metric(tmp_path, "import sys\ndef score(output):\n    sys.exit(0)\n")
    done = adalang("eval", "orders.adal", cwd=tmp_path)
    assert done.returncode == 2
    assert "the metric metric.py:score failed: metric.py:3: SystemExit: 0" in one_clear_line(done)


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_metric_that_never_ends_is_an_error_that_names_it_and_its_row(tmp_path, kind):
    with_metric(tmp_path, f"{kind} score(output):\n    while True:\n        pass\n")
    done = adalang("eval", "orders.adal", cwd=tmp_path, env={"ADALANG_METRIC_SECONDS": "0.5"})
    assert done.returncode == 2
    told = one_clear_line(done)
    assert re.search(r"orders\.jsonl:\d+: the metric metric\.py:score did not come back within 0\.5 seconds", told)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_ctrl_c_ends_a_metric_that_would_never_end(tmp_path, kind):
    with_metric(tmp_path, f"import time\n{kind} score(output):\n    print('begun', flush=True)\n    time.sleep(600)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "adalang", "eval", "orders.adal"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    while "begun" not in (line := process.stderr.readline()):
        assert line, "it ended before it could be interrupted"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and "Traceback" not in errors


def test_a_budget_in_money_is_refused_where_no_price_is_known(tmp_path):
    file = world.write(tmp_path, model="hosted_vllm/mine", options='api_base = "http://127.0.0.1:9"', count=60)
    file.write_text(re.sub(r"  budget = .*\n", "", file.read_text()))
    money = ["optimize", "orders.adal", "--yes", "--budget-usd", "2"]
    done = adalang(*money, cwd=tmp_path)
    assert done.returncode == 2
    assert "the price of hosted_vllm/mine is not known, so the bound of $2.00 cannot be held" in one_clear_line(done)
    assert "--budget-calls" in done.stderr and "stopped" not in done.stderr
    assert json.loads(adalang("runs", "list", "--json", cwd=tmp_path).stdout) == []
    assert adalang(*money, "--estimate", cwd=tmp_path).returncode == 0
    for others in (["--budget-calls", "1"], ["--budget-tokens", "1"]):
        assert adalang(*money, *others, cwd=tmp_path).returncode == 0, "the run is bounded"
    assert adalang("optimize", "orders.adal", "--yes", "--budget-minutes", "0", cwd=tmp_path).returncode == 0


def test_estimate_makes_no_call_and_tells_the_power(tmp_path):
    world.write(tmp_path)
    done = adalang("optimize", "orders.adal", "--estimate", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hold-out rows a gain of 5 points will be confirmed" in done.stdout
    assert json.loads(adalang("store", "show", "--json", cwd=tmp_path).stdout)["rows"]["responses"] == 0


def test_money_is_never_spent_without_a_word(tmp_path):
    world.write(tmp_path, model="openai/gpt-4o-mini", options='api_base = "http://127.0.0.1:9"')
    done = adalang("optimize", "orders.adal", cwd=tmp_path)
    assert done.returncode == 2
    assert "this costs money: add --yes" in one_clear_line(done).replace("│", " ")


def test_optimize_show_export_apply_dismiss(tmp_path):
    file = world.write(tmp_path)
    before = file.read_text()
    done = adalang("optimize", "orders.adal", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "held-out examples [+" in done.stdout
    assert "Accept it: adalang proposals apply " in done.stdout
    listed = json.loads(adalang("proposals", "list", "--json", cwd=tmp_path).stdout)
    proposal = listed[0]["id"]
    assert file.read_text() == before

    diff = adalang("proposals", "export", proposal, cwd=tmp_path).stdout
    assert diff.startswith("--- ") and "+++ " in diff
    patched = subprocess.run(["git", "apply", "--check", "-"], input=diff, text=True, cwd=tmp_path, capture_output=True)
    assert patched.returncode == 0, patched.stderr

    applied = adalang("proposals", "apply", proposal[:4], cwd=tmp_path)
    assert applied.returncode == 0, applied.stderr
    assert file.read_text() != before
    assert adalang("check", "orders.adal", cwd=tmp_path).returncode == 0
    missing = adalang("proposals", "show", "zzz", cwd=tmp_path)
    assert missing.returncode == 2 and f"no proposal zzz; there are: {proposal}" in one_clear_line(missing)
    again = adalang("proposals", "apply", proposal, cwd=tmp_path)
    assert again.returncode == 2 and "is applied already" in again.stderr
    assert "No open proposals" in adalang("proposals", "list", cwd=tmp_path).stderr


def test_read_only_and_renamed_files_are_left_alone(tmp_path):
    file = world.write(tmp_path)
    assert adalang("optimize", "orders.adal", cwd=tmp_path).returncode == 0
    text = file.read_text()
    file.chmod(0o444)
    done = adalang("proposals", "apply", cwd=tmp_path)
    assert done.returncode == 2 and "read-only" in one_clear_line(done)
    assert file.read_text() == text
    file.rename(tmp_path / "other.adal")
    done = adalang("proposals", "apply", cwd=tmp_path)
    assert done.returncode == 2 and "moved or renamed" in one_clear_line(done)


def test_a_proposal_whose_place_was_edited_is_refused(tmp_path):
    file = world.write(tmp_path)
    assert adalang("optimize", "orders.adal", cwd=tmp_path).returncode == 0
    proposal = json.loads(adalang("proposals", "list", "--json", cwd=tmp_path).stdout)[0]
    changed = {change["param"] for change in proposal["changes"]}
    assert "classify.instruction" in changed
    file.write_text(file.read_text().replace("Sort the order.", "Something else altogether."))
    mine = file.read_text()
    done = adalang("proposals", "apply", proposal["id"], cwd=tmp_path)
    if done.returncode == 2:  # the same line was changed
        assert "was changed since the proposal was made" in one_clear_line(done)
        assert file.read_text() == mine
    else:  # the lines that were added fit beside it
        assert "Something else altogether." in file.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(tmp_path):
    world.write(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "adalang", "optimize", "orders.adal"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while " calls]" not in (line := process.stdout.readline()):  # the first thing that it tells of the run
        assert line, "it ended before it could be interrupted"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "All that was answered is kept" in errors and "Traceback" not in errors
    done = adalang("optimize", "orders.adal", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["resumed"] is True


# ---- the rest


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [("eval", "--html"), ("eval", "--junit"), ("optimize", "--html"), ("optimize", "--events")],
    ids=" ".join,
)
def test_a_full_disk_is_told_with_the_file_that_it_stopped(tmp_path, arguments):
    world.write(tmp_path, count=80)
    verb, option = arguments
    done = adalang(verb, "orders.adal", option, "/dev/full", cwd=tmp_path)
    assert done.returncode == 2
    assert "error: /dev/full: no space left on device" in one_clear_line(done)


@pytest.mark.skipif(os.name == "nt", reason="no such device")
def test_events_can_go_to_a_device(tmp_path):
    world.write(tmp_path, count=80)
    done = adalang("optimize", "orders.adal", "--events", "/dev/null", "--budget-calls", "5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_init_makes_a_project_that_works(tmp_path):
    done = adalang("init", "new", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert adalang("check", "new", cwd=tmp_path).stdout.endswith("nothing found.\n")
    assert adalang("eval", "new/triage.adal", cwd=tmp_path).returncode in (0, 1)
    again = adalang("init", "new", cwd=tmp_path)
    assert again.returncode == 2 and "nothing was written" in one_clear_line(again)
    (tmp_path / "file").touch()
    nowhere = adalang("init", "file/new", cwd=tmp_path)
    assert nowhere.stderr == "error: the folder file/new cannot be made: not a directory\n"


def test_doctor_says_where_each_value_comes_from(tmp_path):
    (tmp_path / "adalang.toml").write_text('model = "openai/gpt-4o-mini"\nconcurrency = "many"\n')
    done = adalang("doctor", "--json", cwd=tmp_path, env={"ADALANG_TEACHER": "openai/gpt-4o"})
    told = json.loads(done.stdout)
    assert told["settings"]["model"] == {
        "value": "openai/gpt-4o-mini",
        "from": "adalang.toml",
        "variable": "ADALANG_MODEL",
    }
    assert told["settings"]["teacher"]["from"] == "ADALANG_TEACHER"
    assert told["settings"]["concurrency"] == {"value": 16, "from": "default", "variable": "ADALANG_CONCURRENCY"}
    assert told["problems"] == ["adalang.toml: `concurrency` takes a whole number from 1 on, not 'many'."]
    assert done.returncode == 1


def test_doctor_knows_every_variable_that_holds_a_key(tmp_path):
    done = adalang("doctor", "--json", cwd=tmp_path, env={"CO_API_KEY": "k", "VOYAGE_API_KEY": ""})
    keys = json.loads(done.stdout)["keys"]
    assert keys["cohere"] is True and keys["voyage"] is False
    text = adalang("doctor", cwd=tmp_path, env={"CO_API_KEY": "k", "VOYAGE_API_KEY": ""}).stdout
    assert re.search(r"cohere +set \(COHERE_API_KEY or CO_API_KEY\)", text) and re.search(
        r"voyage +not set \(VOYAGE_API_KEY\)", text
    )


def test_models_tells_price_and_window(tmp_path):
    done = adalang("models", "openai/gpt-4o-mini", cwd=tmp_path)
    assert "openai/gpt-4o-mini " in done.stdout and "128,000 tokens" in done.stdout


@pytest.mark.parametrize("format", ["json", "mermaid", "dot", "svg"])
def test_graph_formats(tmp_path, format):
    world.write(tmp_path, count=10)
    done = adalang("graph", "orders.adal", "--format", format, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "classify" in done.stdout


def test_fmt_checks_shows_and_writes(tmp_path):
    file = tmp_path / "a.adal"
    file.write_text('model   a="openai/gpt-4o-mini"{temperature=0}\n')
    assert adalang("fmt", "--check", cwd=tmp_path).returncode == 1
    assert '+model a = "openai/gpt-4o-mini" { temperature = 0 }' in adalang("fmt", "--diff", cwd=tmp_path).stdout
    assert file.read_text().startswith("model   a")
    assert adalang("fmt", cwd=tmp_path).returncode == 0
    assert file.read_text() == 'model a = "openai/gpt-4o-mini" { temperature = 0 }\n'
    assert adalang("fmt", "--check", cwd=tmp_path).returncode == 0


def test_watch_checks_on_save_and_evaluates_what_changed(tmp_path):
    file = world.write(tmp_path, count=60)
    file.write_text(file.read_text().replace("  metric = exact_match\n", "  metric = exact_match\n  on_save = 5\n"))
    metric = tmp_path / "metric.py"
    metric.write_text("def score(output):\n    return 1.0\n")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "adalang", "watch", "."],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    seen: list[str] = []

    def until(text: str) -> None:
        assert process.stdout is not None
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            line = process.stdout.readline()
            seen.append(line)
            if text in line:
                return
        raise AssertionError("".join(seen))

    try:
        until("Watching")
        file.write_text("# a comment changes nothing that runs\n" + file.read_text())
        until("1 file checked")
        file.write_text(file.read_text().replace("Sort the order.", "Sort this order."))
        until("sorting (val):")
        assert sum("sorting (val)" in line for line in seen) == 1
        rows = file.with_name("orders.jsonl")
        rows.write_text(rows.read_text().replace("please", "do"))
        until("sorting (val):")
        file.write_text(file.read_text().replace("metric = exact_match", 'metric = python("metric.py:score")'))
        until("sorting (val): 100.0%")
        metric.write_text("def score(output):\n    return 0.0\n")
        until("sorting (val): 0.0%")
        assert sum("sorting (val)" in line for line in seen) == 4
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130


def test_help_is_complete_and_quick_to_import(tmp_path):
    done = adalang("--help", cwd=tmp_path)
    for verb in (
        "check",
        "fmt",
        "graph",
        "run",
        "eval",
        "optimize",
        "proposals",
        "init",
        "doctor",
        "models",
        "store",
        "watch",
        "server",
    ):
        assert f" {verb} " in done.stdout
        assert adalang(verb, "--help", cwd=tmp_path).returncode == 0
    groups = ("Write", "Run and score", "Improve", "Look back", "Set up")
    assert all(f"─ {group} ─" in done.stdout for group in groups) and "─ Commands ─" not in done.stdout
    of_run = adalang("run", "--help", cwd=tmp_path).stdout
    assert all(said in of_run for said in ("--set mail=@mail.txt", "--inputs '{", "Ends with 2"))
    code = "import adalang.cli, sys; bad = {'litellm', 'msgspec', 'rich.progress'} & set(sys.modules); sys.exit(str(bad) if bad else 0)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
