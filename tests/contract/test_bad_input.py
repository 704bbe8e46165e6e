"""What bad input gets: a typed error at the call where it is the caller's mistake, with what to do."""

from __future__ import annotations

import os
import sys
import threading
import traceback

import numpy as np
import pytest

import treadle_runtime
from treadle_runtime.api import (
    INOUT,
    OUT,
    as_completed,
    barrier,
    cancel,
    current,
    futures,
    map,
    put,
    start,
    stop,
    task,
    wait_on,
)
from treadle_runtime.errors import DataError, NotSerializable, TaskFailed, UpstreamFailed, UsageError

OTHER = {"inline": "local", "local": "inline"}


def two(a, c):
    return a, c


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"retunrs": 2}, "Did you mean returns"),
        ({"d": INOUT}, "two has no parameter 'd'.*its parameters are a, c"),
        ({"directions": {"d": INOUT}}, "two has no parameter 'd'"),
        ({"directions": [1]}, "is no dictionary.*c=INOUT"),
        ({"c": {}}, "IPython's dictionary of results: did you mean OUT"),
        ({"c": []}, "IPython's list of inputs: did you mean IN"),
        ({"c": 5}, "c=5 is no direction: give IN, OUT or INOUT"),
        ({"returns": -1}, "returns=-1: give how many values"),
        ({"returns": "two"}, "returns='two': give how many values"),
        ({"priority": "high"}, "priority='high': give"),
        ({"name": 5}, "name=5: give"),
        ({"check": 5}, "check=5: give True or False"),
        ({"target_direction": OUT}, "target_direction=OUT.*give IN or INOUT"),
        ({"numba": True}, "'numba' is not available yet: leave it out"),
    ],
)
def test_options_of_the_decorator(options, says):
    with pytest.raises(UsageError, match=says):
        task(**options)(two)


def generator():
    yield 1


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (3, "needs a function, not int"),
        (generator, "generator.*return list"),
        (task(two), "is a task already"),
    ],
)
def test_what_cannot_be_a_task(function, says):
    with pytest.raises(UsageError, match=says):
        task(function)


class Holder:
    pass


def holder(value):
    made = Holder()
    made.handle = value
    return made


class Refuses:
    def __reduce__(self):
        raise RuntimeError("not me")


class BreaksOnArrival:
    def __setstate__(self, state):
        raise RuntimeError("broken on arrival")


LOCK = threading.Lock()


@pytest.mark.parametrize(
    ("args", "kwargs", "says"),
    [
        ((LOCK, 1), {}, r"args\[0\] cannot be pickled: it is a lock"),
        (({"a": [1, LOCK]}, 1), {}, r"args\[0\]\['a'\]\[1\] .*lock"),
        ((holder(LOCK), 1), {}, r"args\[0\]\.handle .*lock"),
        ((1,), {"c": (i for i in [1])}, r"kwargs\['c'\] .*generator.*Pass list"),
        ((Refuses(), 1), {}, "saying 'not me'"),
        ((sys._getframe(), 1), {}, "stack frame"),
    ],
)
def test_arguments_that_cannot_travel(args, kwargs, says):
    with pytest.raises(NotSerializable, match=says):
        task(two)(*args, **kwargs)


def test_an_open_file_names_the_remedy(tmp_path):
    path = tmp_path / "data"
    with path.open("w") as file:
        with pytest.raises(
            NotSerializable, match=r"args\[0\] .*open file.*Pass its path and open it inside the task"
        ):
            task(two)(file, 1)
        with pytest.raises(NotSerializable, match=r"the variable file that .* reads .*open file"):
            task(lambda: file.name)()


def test_results_that_cannot_travel():
    with pytest.raises(NotSerializable, match="result cannot be pickled: it is a lock"):
        wait_on(task(lambda: threading.Lock())())
    with pytest.raises(NotSerializable, match=r"result\['a'\]\[0\] .*lock"):
        wait_on(task(lambda: {"a": [threading.Lock()]})())
    x = task(lambda: holder_of(BreaksOnArrival))()
    with pytest.raises(
        DataError, match=r"What <lambda> #\d+ made can't be rebuilt here \(RuntimeError: broken on arrival\)"
    ):
        wait_on(x)


def holder_of(cls):
    made = cls.__new__(cls)
    made.x = 1
    return made


def test_modules_and_other_odd_arguments_travel():
    assert wait_on(task(lambda m: m.sep)(os)) == os.sep
    assert wait_on(task(lambda f: f.__name__)(two)) == "two"


def test_deep_nesting():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotSerializable, match="nested too deeply"):
        task(len)(deep)


@pytest.mark.parametrize("value", [5, {1: 2, 3: 4}, (1, 2, 3), [1]])
def test_returns_that_do_not_match(value):
    a, b = task(returns=2)(lambda: value)()
    for future in (a, b):
        with pytest.raises(UsageError, match=r"declared with returns=2 but gave .*Return a tuple of 2"):
            wait_on(future)


def test_a_generator_as_result():
    with pytest.raises(UsageError, match=r"returned a generator. Return list\(...\) of it"):
        wait_on(task(lambda: (i for i in range(3)))())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: wait_on(), "needs something to wait for"),
        (lambda: wait_on(n for n in range(3)), "can't look into a generator: give it a list"),
        (lambda: wait_on(task(two)), "<task two> is a function, not a call of it"),
        (lambda: wait_on({"a": 1}.values()), "can't look into a dict_values: give it a list"),
        (lambda: cancel(5), r"cancel\(5\) names no task"),
        (lambda: futures(state="finished"), "no state of a task. Use one of waiting"),
        (lambda: list(as_completed([5])), "5, which is no future"),
        (lambda: map(len), "at least one iterable"),
        (lambda: map(3, [1]), "needs a function"),
        (lambda: task(name="case {z}")(two)(1, 2), "cannot be filled in .*it may show a, c of two"),
        (lambda: task(c=INOUT)(two)(1, put([1])), "constant.*Pass the object itself"),
        (lambda: start(workers=0), "workers=0 is not possible"),
        (lambda: start(threads="2"), "threads='2' is not possible"),
        (lambda: start(memory="lots"), "is no size for the store"),
        (lambda: start(keep_alive="soon"), "is no time"),
        (lambda: start(seed=-1), "is no seed"),
        (lambda: start(engine="dask"), "is no engine"),
        (lambda: start(wrokers=1), "start has no option 'wrokers'"),
        (
            lambda: start(engine=OTHER[current().options.engine]),
            r"can't take effect. Call treadle.stop\(\) first",
        ),
    ],
)
def test_wrong_calls(call, says):
    with pytest.raises(UsageError, match=says):
        call()


def test_a_put_that_cannot_travel():
    with pytest.raises(NotSerializable, match="lock"):
        put([LOCK])


def test_setting_a_future_by_hand():
    x = task(len)([])
    for use in (
        lambda: x.set_result(1),
        lambda: x.set_exception(ValueError()),
        lambda: x.set_running_or_notify_cancel(),
    ):
        with pytest.raises(RuntimeError, match="runtime alone"):
            use()


def test_an_attribute_set_on_a_future_is_not_lost():
    x = task(lambda: np.zeros(2))()
    with pytest.raises(AttributeError, match=r"use wait_on\(x\).shape = "):
        x.shape = (2, 1)


def fail(text):
    raise ValueError(text)


def exit_with(code):
    sys.exit(code)


OWN = os.path.dirname(treadle_runtime.__file__)


@pytest.mark.parametrize(
    "provoke",
    [
        lambda: wait_on(task(fail)("a")),
        lambda: wait_on([task(fail)("a")]),
        lambda: task(fail)("a").result(),
        lambda: wait_on(task(len)(task(fail)("a"))),
        lambda: wait_on(task(exit_with)(3)),
        lambda: (task(fail)("b"), barrier()),
        lambda: task(two)(1),
        lambda: task(two)(LOCK, 1),
        lambda: task(retunrs=1)(two),
        lambda: wait_on(),
        lambda: len(task(two)(1, 2)),
        lambda: task(two)(1, 2).shape,
        lambda: iter(task(two)(1, 2)),
        lambda: bool(task(two)(1, 2)),
        lambda: put(LOCK),
        lambda: start(workers=0),
        lambda: map(len),
        lambda: cancel(5),
        lambda: list(as_completed([5])),
        lambda: futures(state="zz"),
        lambda: wait_on(task(lambda: holder_of(BreaksOnArrival))()),
    ],
)
def test_no_traceback_shows_our_own_frames(provoke):
    with pytest.raises(Exception) as caught:
        provoke()
    shown = "".join(traceback.format_exception(caught.value))
    assert OWN not in shown
    assert __file__ in shown
    barrier_quietly()


def barrier_quietly():
    for call in current().failures():
        call.looked = True


def test_what_ends_a_task_fails_only_it():
    with pytest.raises(TaskFailed, match=r"SystemExit: 3\. It ends the task and nothing else"):
        wait_on(task(exit_with)(3))
    with pytest.raises(UpstreamFailed, match="SystemExit: 4"):
        wait_on(task(len)(task(exit_with)(4)))
    assert wait_on(task(len)([1])) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: wait_on(1, timeout=3), "unexpected keyword argument 'timeout'"),
        (lambda: barrier(1), "takes 0 positional arguments"),
        (lambda: start(4), "takes 0 positional arguments"),
    ],
)
def test_arguments_that_do_not_fit_show_the_call_alone(wrong, words):
    with pytest.raises(TypeError, match=words) as caught:
        wrong()
    assert [entry.path.name for entry in caught.traceback] == ["test_bad_input.py"] * 2


def test_stop_takes_no_number():
    with pytest.raises(UsageError, match="cancel=5 is neither True nor False"):
        stop(5)


def test_an_exception_may_say_what_it_says_in_numpys_text():
    class OddError(Exception):
        def __str__(self):
            return np.str_("odd")

    @task
    def fail():
        raise OddError

    assert str(fail().exception()) == "odd"
