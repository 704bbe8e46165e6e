"""Tracebacks as a person sees them: no frame of Treadle, the task's own lines."""

from __future__ import annotations

import json
import linecache
import pickle
import traceback

import pytest

from treadle_runtime.client import remote_traceback as remote
from treadle_runtime.errors import InternalError, UpstreamFailed, UsageError

CELL = "<cell-5>"
SOURCE = "def f(a):\n    b = a\n    return 1 / b\n"


@pytest.fixture
def cell():
    linecache.cache[CELL] = (len(SOURCE), None, SOURCE.splitlines(True), CELL)
    yield CELL
    del linecache.cache[CELL]


def _treadle_code():
    """Return functions whose code counts as Treadle's: what the api does around everything it lets out."""
    code = """
def inner(error):
    raise error
def through(call, *args):
    try:
        return call(*args)
    except BaseException as error:
        strip(error)
        raise
def wait(error):
    try:
        inner(error)
    except BaseException as error:
        strip(error)
        raise
"""
    space: dict = {"strip": remote.strip}
    exec(compile(code, remote.__file__, "exec"), space)  # noqa: S102
    return space["wait"], space["through"]


wait, through = _treadle_code()


def names(error):
    return [(entry.filename, entry.lineno, entry.name) for entry in traceback.extract_tb(error.__traceback__)]


def test_waiting_line_then_task_lines_with_source(cell):
    error = remote.rebuild_traceback(ZeroDivisionError("division by zero"), [(cell, 3, "f")])
    with pytest.raises(ZeroDivisionError) as caught:
        wait(error)
    assert caught.value is error
    assert names(error)[0][2] == "test_waiting_line_then_task_lines_with_source"
    assert names(error)[1:] == [(cell, 3, "f")]
    text = "".join(traceback.format_exception(error))
    assert 'File "<cell-5>", line 3, in f\n    return 1 / b\n' in text
    assert remote.__file__ not in text
    assert "^" not in text.split("<cell-5>")[1]


def test_waiting_again_does_not_add_to_the_first_wait(cell):
    error = remote.rebuild_traceback(ValueError("no"), [(cell, 2, "f"), (cell, 3, "g")])
    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            wait(error)
    assert [name for _file, _line, name in names(error)] == ["test_waiting_again_does_not_add_to_the_first_wait", "f", "g"]


@pytest.mark.parametrize("error", [UsageError("no"), KeyboardInterrupt(), TimeoutError("late")])
def test_expected_errors_lose_treadles_frames_too(error):
    with pytest.raises(type(error)) as caught:
        wait(error)
    assert [name for *_, name in names(caught.value)] == ["test_expected_errors_lose_treadles_frames_too"]


@pytest.mark.parametrize("error", [KeyError("k"), InternalError("a bug")])
def test_mistake_of_treadle_itself_keeps_its_frames(error):
    with pytest.raises(type(error)) as caught:
        wait(error)
    assert [name for *_, name in names(caught.value)][1:] == ["wait", "inner"]


def test_decorated_function_leaves_no_trace_and_keeps_its_name():
    @remote.leaves_no_trace
    def start(workers):
        """Start."""
        raise UsageError(f"no {workers}")

    assert start.__doc__ == "Start."
    with pytest.raises(UsageError, match="no 3") as caught:
        start(workers=3)
    assert [name for *_, name in names(caught.value)] == ["test_decorated_function_leaves_no_trace_and_keeps_its_name", "start"]


def test_cause_loses_treadles_frames(cell):
    root = remote.rebuild_traceback(ValueError("root"), [(cell, 3, "f")])
    with pytest.raises(ValueError, match="root"):
        wait(root)
    above = UpstreamFailed("above")
    above.__cause__ = root
    with pytest.raises(UpstreamFailed):
        wait(above)
    assert names(root) == [(cell, 3, "f")]  # the earlier wait is no part of this story
    assert remote.__file__ not in "".join(traceback.format_exception(above))


def test_cycle_of_causes_ends():
    one, two = ValueError(1), ValueError(2)
    one.__context__, two.__context__ = two, one
    remote.strip(one)
    assert one.__traceback__ is None


def test_frames_of_the_user_below_treadle_stay():
    def mine():
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        through(mine)
    assert [name for *_, name in names(caught.value)] == ["test_frames_of_the_user_below_treadle_stay", "mine"]


def test_frames_of_libraries_below_treadle_go():
    with pytest.raises(ValueError, match="Expecting") as caught:
        through(json.loads, "{")
    assert [name for *_, name in names(caught.value)] == ["test_frames_of_libraries_below_treadle_go"]


def test_error_with_frames_can_be_pickled(cell):
    error = remote.rebuild_traceback(ValueError("no"), [(cell, 3, "f")])
    again = pickle.loads(pickle.dumps(error))
    remote.strip(again)
    assert names(again) == [(cell, 3, "f")]


def test_class_that_refuses_attributes_still_shows_the_task(cell):
    class StubbornError(Exception):
        def __setattr__(self, name, value):
            raise AttributeError(name)

    error = remote.rebuild_traceback(StubbornError(), [(cell, 3, "f")])
    with pytest.raises(StubbornError):
        wait(error)
    assert names(error)[-1] == (cell, 3, "f")


def test_code_of_a_frame_begins_where_its_function_begins(cell):
    source = "import os\n@print\n@repr\ndef g():\n" + "    pass\n" * 200 + "g()\n"
    linecache.cache[cell] = (len(source), None, source.splitlines(True), cell)
    error = remote.rebuild_traceback(ValueError("no"), [(cell, 205, "<module>"), (cell, 200, "g"), (cell, 1, "gone")])
    entry, found = error.__traceback__, []
    while entry is not None:
        code = entry.tb_frame.f_code
        found.append((code.co_firstlineno, entry.tb_frame.f_lineno, list(code.co_positions())[-1]))
        entry = entry.tb_next
    assert found == [
        (1, 205, (205, 205, None, None)),
        (2, 200, (200, 200, None, None)),
        (1, 1, (1, 1, None, None)),
    ]


def test_a_comprehension_of_a_cell_begins_where_its_function_does():
    source = "@deco\ndef f(a):\n    b = a\n    return [1 / x\n            for x in b]\n\nsum(1 / x for x in [0])\n"
    linecache.cache["<cell-6>"] = (len(source), None, source.splitlines(True), "<cell-6>")
    error = ValueError()
    remote.rebuild_traceback(error, [("<cell-6>", 3, "f"), ("<cell-6>", 4, "<listcomp>"), ("<cell-6>", 7, "<genexpr>")])
    begins, entry = [], error.__traceback__
    while entry is not None:
        begins.append(entry.tb_frame.f_code.co_firstlineno)
        entry = entry.tb_next
    assert begins == [1, 2, 1]
    assert [line for _file, line, _name in names(error)] == [3, 4, 7]
