"""Where a workspace begins, and where its settings come from."""

from adalang.config import find_root, load_settings


def test_the_nearest_sign_wins_and_a_store_is_none(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    file = inner / "x.adal"
    file.write_text("")
    (tmp_path / ".adalang").mkdir()
    assert find_root(file) == inner
    (tmp_path / "adalang.toml").write_text("")
    assert find_root(file) == tmp_path
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert find_root(file) == tmp_path
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.adalang]\nmodel = "x/y"\n')
    assert find_root(file) == tmp_path / "a"
    assert load_settings(tmp_path / "a", {}).model == "x/y"


def test_values_rise_from_file_over_environment_to_command_line(tmp_path):
    (tmp_path / "adalang.toml").write_text('model = "a/b"\nbudget_usd = 1\n')
    settings = load_settings(tmp_path, {"ADALANG_MODEL": "c/d", "ADALANG_CACHE": "no"})
    assert (settings.model, settings.values["model"].source) == ("c/d", "ADALANG_MODEL")
    assert (settings["budget_usd"], settings.values["budget_usd"].source) == (1, "adalang.toml")
    assert settings["cache"] is False
    assert settings.with_values(model="e/f", teacher=None).values["model"].source == "command line"


def test_wrong_settings_are_told_and_survived(tmp_path):
    (tmp_path / "adalang.toml").write_text("modle = 'a'\nconcurrency = true\n")
    problems = load_settings(tmp_path, {"ADALANG_BUDGET_USD": "much"}).problems
    assert len(problems) == 3
    assert problems[0].startswith("adalang.toml: there is no setting `modle`")
    assert problems[1] == "adalang.toml: `concurrency` takes a whole number from 1 on, not True."
    assert problems[2] == "ADALANG_BUDGET_USD takes a number from 0 on, not 'much'."
    (tmp_path / "adalang.toml").write_text("model = ")
    assert "adalang.toml cannot be read" in load_settings(tmp_path, {}).problems[0]


def test_numbers_that_make_no_sense_are_refused(tmp_path):
    environment = {"ADALANG_CONCURRENCY": "0", "ADALANG_BUDGET_CALLS": "-1", "ADALANG_BUDGET_USD": "nan"}
    settings = load_settings(tmp_path, environment)
    assert len(settings.problems) == 3
    assert (settings["concurrency"], settings["budget_calls"], settings["budget_usd"]) == (16, 2000, 5.0)
