"""Loading, names, magics and their help, in a real kernel."""

from __future__ import annotations

LINE = "Treadle 0.1: 2 workers at the first task. %treadle help"


def who(notebook) -> set[str]:
    return set(notebook.value("get_ipython().run_line_magic('who_ls', '')"))


def test_loading_prints_one_line_and_starts_nothing(notebook):
    notebook.ok("task = 3")
    ran = notebook.ok("%load_ext treadle")
    assert ran.text == f"{LINE}; not put into the notebook because you have them: task\n"
    assert notebook.value("import psutil; len(psutil.Process().children(recursive=True))") == 0


def test_names_are_there_hidden_and_the_users_own_are_untouched(notebook):
    assert notebook.value("task") == 3
    assert notebook.value("[callable(wait_on), callable(barrier), str(IN), str(OUT), str(INOUT)]")[:2] == [
        True,
        True,
    ]
    assert notebook.value("'put' in dir() or 'cancel' in dir()") is False
    assert who(notebook) == {"psutil", "task"}


def test_loading_twice_changes_nothing(notebook):
    assert "Treadle 0.1" not in notebook.ok("%load_ext treadle").text
    notebook.ok("import treadle; treadle.load_ipython_extension(get_ipython())")
    assert notebook.value("len(get_ipython().events.callbacks['pre_run_cell'])") >= 1
    ran = notebook.ok("%reload_ext treadle")
    assert ran.text == f"{LINE}; not put into the notebook because you have them: task\n"


def test_names_come_back_after_reset_and_stay_away_after_del(notebook):
    notebook.ok("del barrier")
    notebook.ok("1")
    assert notebook.value("'barrier' in dir()") is False
    notebook.ok("%reset -f")
    assert notebook.value("[callable(task), callable(barrier)]") == [True, True]
    assert who(notebook) == set()


def test_verbs_are_completed(notebook):
    reply = notebook.reply(notebook.client.complete("%treadle st", 11))
    assert set(reply["matches"]) == {"start", "status", "stop", "story"}
    reply = notebook.reply(notebook.client.complete("%treadle start thr", 18))
    assert reply["matches"] == ["threads="]


def asked(notebook, code: str) -> str:
    return notebook.reply(notebook.client.execute(code))["payload"][0]["data"]["text/plain"]


def test_help_lists_the_verbs(notebook):
    helped, looked_up = notebook.ok("%treadle help").text, asked(notebook, "%treadle?")
    for verb in ("start", "stop", "status", "graph", "tasks", "log", "help"):
        assert f"%treadle {verb}" in helped
        assert f"%treadle {verb}" in looked_up
    assert "--inout" in asked(notebook, "%%task?")


def test_unknown_verb_is_one_sentence_that_says_what_was_meant(notebook):
    ran = notebook.run("%treadle statsu")
    assert ran.text.strip() == "UsageError: `%treadle statsu` is no verb. Did you mean `%treadle status`?"
    assert ran.error == ""


def test_status_and_stop_without_a_runtime_start_none(notebook):
    assert "the first task starts it" in notebook.ok("%treadle status").text
    assert "nothing runs" in notebook.ok("%treadle stop").text
    assert notebook.ok("%treadle tasks").text == "no tasks yet\n"


def test_start_takes_options_and_refuses_others(notebook):
    assert "does not know 'wrokers=2'" in notebook.run("%treadle start wrokers=2").text
    assert "workers=0 is not possible" in notebook.run("%treadle start workers=0").text
    assert "2 workers" in notebook.ok("%treadle start workers=2").text
    assert "runtime: process" in notebook.ok("%treadle status").text
    assert "3 workers" in notebook.ok("%treadle start workers=3 memory=80MB").text  # resized
    assert "3 workers with 1 thread each, a store of at most 80 MB" in notebook.ok("%treadle status").text
    assert "'inline'" in notebook.run("%treadle start engine=inline").text
    assert "3 workers" in notebook.ok("%treadle start workers=3").text
    assert "stopped" in notebook.ok("%treadle stop").text


def test_what_holds_results_is_named(notebook):
    notebook.ok("treadle.start(engine='inline')\n@task\ndef ones(n):\n    return b'1' * n")
    assert notebook.ok("%treadle tasks --held").text == "no result is held by a name\n"
    notebook.ok("large = ones(4_000_000)\nseveral = [ones(1_000_000), ones(1_000_000)]")
    notebook.ok("ones(3_000_000)")
    assert "ZeroDivisionError" in notebook.run("def bad():\n    mine = ones(500_000)\n    1 / 0\nbad()").error
    lines = notebook.ok("%treadle tasks --held").text.splitlines()
    told = [line.split(":")[0].partition("[")[0] for line in lines]
    assert told == ["large", "Out", "several", "last traceback, mine in bad"]
    assert lines[0].endswith("4.0 MB")
    assert "and 1 more, 2.0 MB" in lines[2]
    notebook.ok("del large, several, bad, ones\n%reset -f out\ntreadle.stop()")


def test_async_tasks_beside_the_loop_of_the_kernel(notebook):
    """Inline tasks run in the kernel, whose main thread has a loop that runs."""
    notebook.ok("import asyncio\ntreadle.start(engine='inline')")
    notebook.ok("@task\nasync def later(x):\n    await asyncio.sleep(0)\n    return x + 1")
    assert notebook.value("wait_on(later(1))") == 2
    assert notebook.value("await later(2)") == 3
    notebook.ok("%%task\nz = await asyncio.sleep(0, result=5)")
    assert notebook.value("wait_on(z)") == 5
    notebook.ok("treadle.stop()\ndel asyncio, later, z")


def test_unloading_takes_back_what_is_still_ours(notebook):
    notebook.ok("wait_on = 5\nx = 1")
    notebook.ok("%unload_ext treadle")
    assert (
        notebook.value("[n for n in ('treadle', 'task', 'barrier', 'IN', 'OUT', 'INOUT') if n in dir()]")
        == []
    )
    assert notebook.value("wait_on") == 5
    assert who(notebook) == {"wait_on", "x"}
    assert "not found" in notebook.run("%treadle status").text
    assert notebook.reply(notebook.client.complete("%treadle st", 11))["matches"] in ([], ["%store"])
    assert LINE in notebook.ok("%load_ext treadle").text
