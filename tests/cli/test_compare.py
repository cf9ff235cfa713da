"""`adalang compare`, and what `adalang eval` writes beside its scores: real processes, files and exit codes."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from tests.cli.test_cli import adalang, one_clear_line
from tests.engine.test_revisions import committed, git
from tests.report.reading import read_page

PROGRAM = '''\
type Label = "fruit" | "tool"

prompt classify(text: str) -> Label {
  model = "builtin/lexical"
  system = """{instruction}"""
  user = """{{ text }}"""
}

dataset orders = "orders.jsonl" { split = { val = 1.0 } }

eval sorting of classify {
  data = orders.val
  expect = row.label
  metric = exact_match
  goal = 0.9
}
'''
WORDS = {"fruit": ["apple", "pear", "plum"], "tool": ["hammer", "saw", "drill"]}
ROWS = [
    {"text": f"please send me {word} number {nth}", "label": label, "lang": ("en", "de", "fr")[nth % 3]}
    for label, words in WORDS.items()
    for word in words
    for nth in range(8)
]
BAD = "Say tool."
GOOD = "An apple, a pear or a plum is a fruit. A hammer, a saw or a drill is a tool."


def write(folder, instruction):
    (folder / "orders.adal").write_text(PROGRAM.replace("{instruction}", instruction))
    (folder / "orders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    write(tmp_path, BAD)
    committed(tmp_path, {".gitignore": ".adalang\nout\n"})
    write(tmp_path, GOOD)
    return tmp_path


def without_server(folder):
    """A file whose model nobody answers for."""
    text = (folder / "orders.adal").read_text()
    model = 'model m = "openai/test" { api_base = "http://127.0.0.1:9/v1", api_key = env("K"), retries = 0 }\n'
    (folder / "orders.adal").write_text(model + text.replace('model = "builtin/lexical"', "model = m"))


# ---- compare


def test_a_file_against_a_revision(repository):
    done = adalang(
        "compare", "orders.adal", "--at", "HEAD", "--by", "lang", "--html", "out/report.html", cwd=repository
    )
    assert done.returncode == 0, done.stderr
    first, old, new, p, *_ = done.stdout.splitlines()
    assert first.startswith("sorting (val): ")
    assert old.split()[0] == "HEAD:orders.adal" and new.split()[0] == "orders.adal"
    assert "on 48 rows" in old and "tokens" in old and "ms each" in old and "free" in old
    assert p.startswith("  p = ") and "two-sided" in p
    assert all(f"  lang = {lang}: " in done.stdout for lang in ("en", "de", "fr"))
    assert "HEAD:orders.adal against orders.adal" in read_page((repository / "out/report.html").read_text())
    assert git(repository, "status", "--porcelain") == " M orders.adal\n"


def test_json_and_every_way_to_write_a_revision_say_the_same(repository):
    ways = (
        ["orders.adal", "--at", "HEAD"],
        ["HEAD:orders.adal", "orders.adal"],
        ["main:orders.adal:sorting", "orders.adal:sorting"],
    )
    told = [json.loads(adalang("compare", *way, "--json", cwd=repository).stdout) for way in ways]
    found = told[0][0]
    assert found["n"] == 48 and found["before"]["name"] == "HEAD:orders.adal"
    assert found["difference"] == pytest.approx(found["after"]["score"] - found["before"]["score"])
    assert found["low"] <= found["difference"] <= found["high"]
    figures = ("verdict", "difference", "p", "mended", "broken")
    assert all([one[0][name] for name in figures] == [found[name] for name in figures] for one in told)


def test_exit_codes_follow_what_is_required(repository):
    better = ["compare", "HEAD:orders.adal", "orders.adal"]
    worse = ["compare", "orders.adal", "HEAD:orders.adal"]
    same = ["compare", "orders.adal", "orders.adal", "--models", "-", "builtin/lexical"]
    verdict = json.loads(adalang(*better, "--json", cwd=repository).stdout)[0]["verdict"]
    assert verdict == "better"
    expected = {"better": (0, 1, 1), "not-worse": (0, 1, 0), "nothing": (0, 0, 0)}
    for required, codes in expected.items():
        assert codes == tuple(
            adalang(*one, "--require", required, cwd=repository).returncode for one in (better, worse, same)
        )


def test_void_is_told_and_ends_with_2(repository):
    without_server(repository)
    env = {"K": "k"}
    arguments = ["compare", "orders.adal", "--at", "HEAD", "--html", "out/report.html"]
    done = adalang(*arguments, cwd=repository, env=env)
    assert done.returncode == 2
    assert "sorting (val): void: 0 of 48 runs of HEAD:orders.adal got no answer and 48 of 48" in done.stdout
    assert "points" not in done.stdout
    assert "Void" in read_page((repository / "out/report.html").read_text())
    told = json.loads(adalang(*arguments, "--json", cwd=repository, env=env).stdout)[0]
    assert (told["verdict"], told["difference"], told["after"]["score"]) == ("void", None, None)


def test_looking_ahead_costs_nothing(repository):
    done = adalang("compare", "orders.adal", "--at", "HEAD", "--estimate", cwd=repository)
    assert done.stdout.splitlines()[0] == "sorting (val): 96 runs on 48 rows."
    assert "With 48 rows a gain of 20 points will be confirmed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["orders.adal"], "compare with what? Name a second file, a revision (--at HEAD~1), or two models"),
        (["orders.adal", "orders.adal"], "both sides are the same"),
        (["orders.adal", "--models", "a/b", "a/b"], "both sides are the same"),
        (["orders.adal", "--models", "clasify=a/b", "-"], "did you mean `classify`?"),
        (["orders.adal", "--at", "nope"], "there is no revision `nope`"),
        (["HEAD:orders.adal", "--at", "HEAD"], "names a revision already"),
        (["HEAD:other.adal", "orders.adal"], "other.adal is not in HEAD"),
        (["other.adal", "orders.adal"], "there is no file other.adal"),
        (["orders.adal", "--at", "HEAD", "--by", "lnag"], "no row has a column `lnag`; did you mean `lang`?"),
        (["orders.adal:x", "--at", "HEAD"], "no eval is called `x`; there are: sorting"),
    ],
)
def test_mistakes_get_one_clear_line(repository, arguments, told):
    done = adalang("compare", *arguments, cwd=repository)
    assert done.returncode == 2
    assert told in " ".join(one_clear_line(done).split())


def test_junit_has_a_case_for_what_is_required(repository):
    def case(*arguments):
        done = adalang("compare", *arguments, "--junit", "out/r.xml", cwd=repository)
        (suite,) = ElementTree.parse(repository / "out/r.xml").getroot().findall("testsuite")
        (found,) = suite.findall("testcase")
        assert suite.get("tests") == "1" and suite.get("failures") == str(int(found.find("failure") is not None))
        return done.returncode, suite, found

    code, suite, found = case("HEAD:orders.adal", "orders.adal")
    assert code == 0 and found.get("name") == "not-worse" and len(found) == 0
    assert {one.get("name"): one.get("value") for one in suite.iter("property")}["verdict"] == "better"
    code, _, found = case("orders.adal", "HEAD:orders.adal")
    failure = found.find("failure")
    assert (
        code == 1
        and failure.get("type") == "worse"
        and "HEAD:orders.adal against orders.adal: worse: -" in failure.get("message")
    )
    assert failure.text.startswith("broken ") and "expected fruit, fruit -> tool" in failure.text
    assert case("orders.adal", "HEAD:orders.adal", "--require", "nothing")[0] == 0
    without_server(repository)
    done = adalang("compare", "orders.adal", "--at", "HEAD", "--junit", "out/r.xml", cwd=repository, env={"K": "k"})
    assert done.returncode == 2
    assert ElementTree.parse(repository / "out/r.xml").find("testsuite/testcase/error").get("type") == "void"


def test_sides_that_score_differently_get_no_verdict_but_their_figures(repository):
    file = repository / "orders.adal"
    file.write_text(file.read_text().replace("metric = exact_match", "metric = contains"))
    for required in ("better", "not-worse"):
        done = adalang("compare", "orders.adal", "--at", "HEAD", "--require", required, cwd=repository)
        assert done.returncode == 2 and not done.stdout
        assert "score differently" in (told := one_clear_line(done)) and "--require nothing" in told
    done = adalang("compare", "orders.adal", "--at", "HEAD", "--require", "nothing", cwd=repository)
    assert done.returncode == 0 and "p = " in done.stdout and "score differently" in done.stderr


# ---- eval


@pytest.mark.parametrize("verb", [["eval", "orders.adal"], ["compare", "orders.adal", "--at", "HEAD"]])
def test_reports_that_cannot_be_written_are_refused_before_a_call_and_estimates_write_none(repository, verb):
    (repository / "file").write_text("")
    for option in ("--html", "--junit"):
        for bad in (".", "file/report"):
            refused = adalang(*verb, option, bad, cwd=repository)
            assert refused.returncode == 2 and f"{option}: {bad} cannot be written" in one_clear_line(refused)
    assert not (repository / ".adalang").exists()
    estimated = adalang(*verb, "--estimate", "--html", "file", "--junit", "file", cwd=repository)
    assert estimated.returncode == 0 and (repository / "file").read_text() == ""


def test_eval_writes_reports_and_shows_slices_and_flaky_rows(tmp_path):
    write(tmp_path, GOOD)
    arguments = [
        "eval",
        "orders.adal",
        "--repeats",
        "2",
        "--by",
        "lang",
        "--junit",
        "out/r.xml",
        "--html",
        "out/r.html",
    ]
    done = adalang(*arguments, cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert "samples disagree on 0.0% of 48 rows" in done.stdout
    assert all(f"  lang = {lang}: " in done.stdout for lang in ("en", "de", "fr"))
    (suite,) = ElementTree.parse(tmp_path / "out/r.xml").getroot().findall("testsuite")
    assert (suite.get("name"), suite.get("tests")) == ("orders.adal:sorting", "49")
    score = float(next(one.get("value") for one in suite.iter("property") if one.get("name") == "score"))
    told = json.loads(adalang(*arguments, "--json", cwd=tmp_path).stdout)[0]
    assert told["score"] == pytest.approx(score)
    assert sum(one["n"] for one in told["slices"]) == told["n"] == 48
    assert all(one["low"] <= one["score"] <= one["high"] for one in told["slices"])
    assert (told["flakiness"]["share"], told["flakiness"]["rows"]) == (0.0, 48)
    text = read_page((tmp_path / "out/r.html").read_text())
    assert "Evaluation of orders.adal" in text and "By lang" in text


def test_the_report_has_the_curve_of_earlier_evaluations(tmp_path):
    for instruction in (BAD, GOOD):
        write(tmp_path, instruction)
        adalang("eval", "orders.adal", "--html", "r.html", cwd=tmp_path)
    page = (tmp_path / "r.html").read_text()
    read_page(page)
    assert "over earlier evaluations" in page and "goal 90%" in page


def test_a_void_evaluation_says_so_everywhere(tmp_path):
    write(tmp_path, GOOD)
    without_server(tmp_path)
    arguments = ["eval", "orders.adal", "--by", "lang", "--junit", "r.xml", "--html", "r.html"]
    done = adalang(*arguments, cwd=tmp_path, env={"K": "k"})
    assert done.returncode == 2
    assert "sorting (val): void, 48 of 48 runs got no answer" in done.stdout and "%" not in done.stdout
    cases = {one.get("name"): one for one in ElementTree.parse(tmp_path / "r.xml").getroot().iter("testcase")}
    assert cases["score"].find("error").get("message").startswith("void")
    assert "Void. 48 of 48 runs got no answer" in read_page((tmp_path / "r.html").read_text())
    told = json.loads(adalang(*arguments, "--json", cwd=tmp_path, env={"K": "k"}).stdout)[0]
    assert (told["void"], told["score"], told["low"], told["high"]) == (True, None, None, None)
    assert all(one["void"] and one["score"] is None for one in told["slices"])


def test_eval_looks_ahead_without_a_call(tmp_path):
    write(tmp_path, GOOD)
    done = adalang("eval", "orders.adal", "--estimate", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "sorting (val): 48 runs on 48 rows.")
    told = json.loads(adalang("eval", "orders.adal", "--estimate", "--json", cwd=tmp_path).stdout)[0]
    assert (told["runs"], len(told["lines"])) == (48, 3)
    stored = [json.loads(line) for line in adalang("store", "export", cwd=tmp_path).stdout.splitlines()]
    assert not stored


def test_a_wrong_column_is_told_before_anything_is_spent(tmp_path):
    write(tmp_path, GOOD)
    done = adalang("eval", "orders.adal", "--by", "lnag", cwd=tmp_path)
    assert done.returncode == 2 and "did you mean `lang`?" in one_clear_line(done)
    assert not adalang("store", "export", cwd=tmp_path).stdout
