"""What tasks print, log and warn of is heard by the process that called them, whatever runs them."""

from __future__ import annotations

import logging
import warnings

import pytest

import treadle
from treadle import task, wait_on


@task
def talk(number):
    print("line", number)
    treadle.progress(number, 10, "talking")
    return number


@task
def log(message):
    logging.getLogger("lib.part").debug("loaded %s", message)
    logging.getLogger("other").info("nobody asked")
    try:
        raise ValueError("inner")
    except ValueError:
        logging.getLogger("lib").exception("failed")


@task
def old():
    for _ in range(3):
        warnings.warn("use new", DeprecationWarning, stacklevel=1)


def test_text_of_several_tasks_is_printed_by_the_caller_line_by_line(capsys, engine):
    calls = [talk(i) for i in range(3)]
    assert wait_on(calls) == [0, 1, 2]
    expected = {
        f"talk#{call._call.number} line {i}" if engine == "local" else f"line {i}"
        for i, call in enumerate(calls)
    }
    assert set(capsys.readouterr().out.splitlines()) == expected


def test_records_reach_the_loggers_of_their_names(caplog, engine):
    caplog.set_level(logging.DEBUG, "lib")
    call = log("three rows")
    wait_on(call)
    assert [(record.name, record.levelname) for record in caplog.records] == [
        ("lib.part", "DEBUG"),
        ("lib", "ERROR"),
    ]
    first, second = caplog.records
    assert first.getMessage().endswith("loaded three rows")
    assert "ValueError: inner" in caplog.text
    assert second.pathname == __file__
    if engine == "local":
        assert first.treadle_task == call._call.number
        assert first.getMessage() == f"log#{call._call.number} loaded three rows"


def test_levels_are_those_of_the_moment_of_the_call(caplog):
    caplog.set_level(logging.DEBUG, "lib")
    logging.getLogger("lib").setLevel(logging.CRITICAL)
    wait_on(log("nothing"))
    assert not caplog.records


def test_warnings_are_given_to_the_caller_once():
    with pytest.warns(DeprecationWarning, match="use new"):
        wait_on(old())


def test_filters_are_those_of_the_moment_of_the_call():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        failing = old()
    assert isinstance(failing.exception(), DeprecationWarning)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("ignore")
        wait_on(old())
    assert not told


def test_a_category_that_the_worker_has_not_imported_is_filtered_all_the_same():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=treadle.TreadleWarning)
        warnings.filterwarnings("ignore", message="use n.w")
        wait_on(old())


def test_progress_outside_of_tasks_does_nothing():
    treadle.progress(1, 2, "nobody listens")


def test_a_library_that_logs_nothing_unasked():
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("treadle").handlers)


@task
def imported():
    import sys

    print("a line")
    return [name for name in ("IPython", "matplotlib", "tqdm") if name in sys.modules]


def test_who_displays_nothing_pays_nothing(engine):
    if engine == "local":  # elsewhere tasks run in this process
        assert wait_on(imported()) == []


def test_names_of_files_that_are_not_utf8_can_be_said(caplog):
    """They hold half characters, which can't be sent as text: as a file name can be opened, it can be told."""
    caplog.set_level(logging.WARNING)

    @task(name="open {path}")
    def look(path, log):
        if not log:
            raise FileNotFoundError(path)
        logging.getLogger("lib").warning("no %s", path)
        warnings.warn(path, stacklevel=1)

    failed = look("caf\udce9", log=False)
    assert type(failed.exception()) is FileNotFoundError
    assert failed.exception().args == ("caf\udce9",)
    with pytest.warns(UserWarning, match="caf"):
        wait_on(look("caf\udce9", log=True))
    assert any("no caf" in record.getMessage() for record in caplog.records)
