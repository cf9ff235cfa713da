"""A workspace as it was at a git revision: exactly what git has stored, and nothing of the user's is touched."""

import os
import subprocess

import pytest

from adalang.engine.revisions import checked_out
from adalang.runtime.failures import BugFailure

PROGRAM = (
    'import "lib/shared.adal"\n'
    'prompt echo(q: str) -> str {\n  model = "builtin/lexical"\n  user = """{{ q }}"""\n}\n'
    'dataset rows = "rows.jsonl"\n'
    'eval e of echo {\n  data = rows\n  metric = python("metric.py:same")\n}\n'
)


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def committed(folder, files, message="one"):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "my project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    committed(
        folder,
        {
            "a.adal": PROGRAM,
            "lib/shared.adal": 'param tone = """\n  Kind.\n  """\n',
            "rows.jsonl": '{"q": "one"}\n',
            "metric.py": "def same(output):\n    return 1.0\n",
            ".gitattributes": "rows.jsonl export-ignore\n*.py filter=loud\n",
        },
    )
    return folder


def state(folder):
    """All that a person has there: files with their times, the index, branches."""
    files = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    return files, (folder / ".git/index").read_bytes(), git(folder, "for-each-ref"), git(folder, "worktree", "list")


def test_files_imports_data_and_code_are_those_of_the_revision(repository):
    committed(
        repository,
        {"rows.jsonl": '{"q": "two"}\n', "lib/shared.adal": "", "metric.py": "", "a.adal": "# nothing\n"},
        "two",
    )
    (repository / "rows.jsonl").write_text("not even committed")
    # A filter that git would run on checkout, and a hook: neither may.
    git(repository, "config", "filter.loud.smudge", f"touch '{repository}/smudged'; cat")
    before = state(repository)
    with checked_out(repository / "a.adal", "HEAD~1") as found:
        assert found.file.read_text() == PROGRAM
        assert (found.root / "rows.jsonl").read_text() == '{"q": "one"}\n'
        assert (found.file.parent / "lib/shared.adal").read_text().startswith("param tone")
        assert (found.root / "metric.py").read_text().startswith("def same")
        assert found.commit == git(repository, "rev-parse", "HEAD~1").strip()
        assert not found.root.is_relative_to(repository)
        folder = found.root
    assert not folder.exists()
    assert state(repository) == before
    assert not (repository / "smudged").exists()


def test_inside_a_hook_of_another_repository_it_is_still_the_files_own(repository, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    with checked_out(repository / "lib" / "shared.adal", "main") as found:
        assert found.file.is_file()


def test_data_that_git_does_not_know_is_the_one_of_today(repository):
    git(repository, "rm", "-q", "--cached", "rows.jsonl")
    git(repository, "commit", "-qm", "data is not committed any more")
    with checked_out(repository / "a.adal", "main") as found:
        assert found.borrowed == (repository / "rows.jsonl",)
        assert (found.root / "rows.jsonl").read_text() == '{"q": "one"}\n'
    assert (repository / "rows.jsonl").is_file()


def test_a_file_that_is_gone_today_is_found_where_it_was(repository):
    git(repository, "rm", "-q", "-r", "lib", "a.adal")
    git(repository, "commit", "-qm", "gone")
    with checked_out(repository / "lib/shared.adal", "HEAD~1") as found:
        assert found.file.read_text().startswith("param tone")


def test_only_the_workspace_of_the_file_is_copied(repository):
    committed(repository, {"sub/adalang.toml": "", "sub/b.adal": "", "big/other.txt": "x"}, "two")
    with checked_out(repository / "sub/b.adal", "HEAD") as found:
        assert found.root.name == "sub"
        assert [path.name for path in sorted(found.root.iterdir())] == ["adalang.toml", "b.adal"]
        assert not (found.root.parent / "big").exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_links_stay_inside_of_the_revision(repository):
    (repository / "inside.jsonl").symlink_to("rows.jsonl")
    (repository / "outside").symlink_to("/etc/hostname")
    (repository / "upwards").symlink_to("../../elsewhere")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "links")
    with checked_out(repository / "a.adal", "HEAD") as found:
        assert (found.root / "inside.jsonl").read_text() == '{"q": "one"}\n'
        assert not os.path.lexists(found.root / "outside") and not os.path.lexists(found.root / "upwards")


def test_names_of_any_letters(repository):
    committed(repository, {"ä ö\tü.jsonl": "{}\n"}, "odd names")
    with checked_out(repository / "a.adal", "HEAD") as found:
        assert (found.root / "ä ö\tü.jsonl").read_text() == "{}\n"


@pytest.mark.parametrize(
    ("file", "revision", "message"),
    [
        ("a.adal", "nope", r"no revision `nope` in my project; git branch --all and git log show"),
        ("a.adal", "--upload-pack=x", r"no revision `--upload-pack=x`"),
        ("a.adal", "HEAD:a.adal", r"no revision `HEAD:a.adal`"),
        ("other.adal", "HEAD", r"other.adal is not in HEAD \(\w{8}\); git log --all -- other.adal"),
    ],
)
def test_what_is_not_there_is_told_with_the_mend(repository, file, revision, message):
    with pytest.raises(BugFailure, match=message), checked_out(repository / file, revision):
        pass


def test_no_repository_and_no_git(tmp_path, repository, monkeypatch):
    with pytest.raises(BugFailure, match="not a git repository"), checked_out(tmp_path / "a.adal", "HEAD"):
        pass
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BugFailure, match="git is not installed"), checked_out(repository / "a.adal", "HEAD"):
        pass
