"""Options of `start` from `%config`, from the command line of a kernel and from configuration files."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def notebook(open_notebook, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ipython")
    profile = folder / "profile_default"
    profile.mkdir()
    (profile / "ipython_config.py").write_text("c.Treadle.seed = 7\nc.Treadle.keep_alive = '5s'\n")
    opened = open_notebook("--Treadle.workers=3", IPYTHONDIR=str(folder))
    yield opened
    opened.client.stop_channels()
    opened.manager.shutdown_kernel()


def test_the_command_line_and_files_win_over_variables(notebook):
    assert "3 workers at the first task" in notebook.ok("%load_ext treadle").text
    assert notebook.value("s = treadle.start(); (s.plan.workers, s.options.seed, s.options.keep_alive)") == (
        3,
        7,
        5.0,
    )
    notebook.ok("treadle.stop()")


def test_config_shows_sets_and_is_won_over_by_an_argument(notebook):
    assert "Treadle" in notebook.ok("%config").text
    shown = notebook.ok("%config Treadle").text
    assert "Treadle.workers=<" in shown
    assert "Limit of the store" in shown
    notebook.ok("%config Treadle.workers = 1\n%config Treadle.threads = 2")
    assert notebook.value("%config Treadle.workers") == 1
    notebook.ok("%treadle start threads=1")
    assert notebook.value("s = treadle.start(); (s.plan.workers, s.plan.threads)") == (1, 1)
    text = notebook.ok("%config Treadle.workers = 2").text
    assert (
        "c.Treadle.workers=2 counts from the next start; treadle.start(workers=2) changes the one that runs"
        in text
    )
    assert notebook.value("treadle.start().plan.workers") == 1
    notebook.ok("treadle.stop()")


def test_a_wrong_value_is_told_at_once_by_its_name(notebook):
    ran = notebook.run("%config Treadle.workers = 'two'")
    assert "c.Treadle.workers='two' is not possible: give a whole number" in ran.text + ran.error
    assert notebook.value("%config Treadle.workers") == 2


def test_unloading_takes_it_away(notebook):
    notebook.ok("%unload_ext treadle")
    assert "Treadle" not in notebook.ok("%config").text


def test_a_wrong_value_in_a_file_is_told_when_it_matters(open_notebook, tmp_path):
    (tmp_path / "profile_default").mkdir()
    (tmp_path / "profile_default" / "ipython_config.py").write_text("c.Treadle.memory = 'lots'\n")
    opened = open_notebook(IPYTHONDIR=str(tmp_path))
    try:
        assert "c.Treadle.memory='lots' is no size" in opened.ok("%load_ext treadle").text
        assert "c.Treadle.memory='lots' is no size" in opened.run("treadle.start()").error
        assert "inline" in opened.ok("treadle.start(memory='64MB', engine='inline')").shown[-1]["text/plain"]
        opened.ok("treadle.stop()")
    finally:
        opened.client.stop_channels()
        opened.manager.shutdown_kernel()
