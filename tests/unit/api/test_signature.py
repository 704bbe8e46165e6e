"""What `@task` accepts and refuses, and what a call of a task checks."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest

from treadle_runtime.api.directions import IN, INOUT, OUT, Direction
from treadle_runtime.api.signature import TaskSignature
from treadle_runtime.errors import FutureUsedAsValue, UsageError


def axpy(a: float, x: Any, y: Any = None, *rest: Any, scale: float = 1.0, **named: Any) -> Any: ...


def plain(a: Any, b: Any, c: Any = 3) -> Any: ...


def name_and_priority(name: Any, priority: Any = 0) -> Any: ...


class Body:
    def step(self, dt: float, out: Any = None) -> Any: ...


def test_directions_show_as_their_names() -> None:
    assert [repr(d) for d in (IN, OUT, INOUT)] == ["IN", "OUT", "INOUT"]
    assert [d.writes for d in Direction] == [False, True, True]


def test_written_arguments_are_found_by_position_keyword_and_star() -> None:
    x, y, r, k = object(), object(), object(), object()
    s = TaskSignature.of(axpy, {"y": INOUT, "rest": OUT, "scale": INOUT, "named": INOUT})
    assert s.bind((1.0, x, y, r), {"scale": k, "extra": r}) == [
        ("y", INOUT, y),
        ("rest[0]", OUT, r),
        ("scale", INOUT, k),
        ("named['extra']", INOUT, r),
    ]
    assert s.bind((1.0, x), {"y": y}) == [("y", INOUT, y)]
    assert s.bind((1.0, x), {}) == []


def test_a_name_taken_by_double_star_can_have_a_direction() -> None:
    c = object()
    assert TaskSignature.of(axpy, {"c": INOUT}).bind((1, 2), {"c": c}) == [("c", INOUT, c)]


def test_nothing_written_binds_to_nothing() -> None:
    assert not TaskSignature.of(plain, {"a": IN}).bind((1, 2), {"c": 4})


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((1,), {}), ((1, 2, 3, 4), {}), ((1, 2), {"d": 3}), ((1, 2), {"a": 3}), ((), {"c": 3})],
)
def test_a_wrong_call_is_pythons_own_error(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with pytest.raises(TypeError) as ours:
        TaskSignature.of(plain).bind(args, kwargs)
    with pytest.raises(TypeError) as pythons:
        plain(*args, **kwargs)
    assert str(ours.value) == str(pythons.value)


def test_a_wrong_call_of_a_method_names_class_and_method() -> None:
    with pytest.raises(TypeError, match=r"Body\.step\(\) missing 1 required positional argument: 'dt'"):
        TaskSignature.of(Body.step).bind((Body(),), {}, method=True)


def test_the_object_of_a_method_is_written_unless_target_direction_is_in() -> None:
    body, out = Body(), object()
    assert TaskSignature.of(Body.step).bind((body, 0.1), {}, method=True) == [("self", INOUT, body)]
    s = TaskSignature.of(Body.step, {"target_direction": IN, "out": OUT})
    assert s.bind((body, 0.1, out), {}, method=True) == [("out", OUT, out)]
    assert TaskSignature.of(Body.step, {"self": IN}).bind((body, 0.1), {}, method=True) == []
    twice = TaskSignature.of(Body.step, {"self": INOUT})
    assert twice.bind((body, 0.1), {}, method=True) == [("self", INOUT, body)]


def test_staticmethod_and_classmethod_below_the_decorator() -> None:
    assert TaskSignature.of(staticmethod(plain)).binding == "static"
    assert TaskSignature.of(staticmethod(plain)).function is plain
    assert TaskSignature.of(classmethod(plain)).binding == "class"


def test_options_are_read() -> None:
    s = TaskSignature.of(
        plain, {"returns": 2, "priority": True, "name": "case {a}", "check": True, "retry_lost": False}
    )
    o = s.options
    assert (o.returns, o.priority, o.check, o.retry_lost) == (2, 1, True, False)
    assert TaskSignature.of(plain, {"returns": 0}).options.returns == 1
    assert s.title((1, 2), {}) == "case 1"
    assert TaskSignature.of(plain).title((1, 2), {}) is None


def test_a_parameter_named_like_an_option() -> None:
    s = TaskSignature.of(name_and_priority, {"name": INOUT, "priority": 3})
    assert s.options.name is None
    assert s.options.priority == 3
    assert s.bind(("n",), {}) == [("name", INOUT, "n")]
    both = TaskSignature.of(name_and_priority, {"name": "x"}, {"name": INOUT})
    assert both.options.name == "x"
    assert both.bind(("n",), {}) == [("name", INOUT, "n")]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"d": INOUT}, r"plain has no parameter 'd' .* its parameters are a, b, c"),
        ({"retruns": 2}, r"Did you mean returns\?"),
        ({"c": 5}, "c=5 is no direction"),
        ({"c": {1: 2}}, r"did you mean OUT\?"),
        ({"c": ["", "1+1"]}, r"did you mean IN\?"),
        ({"returns": -1}, "returns=-1"),
        ({"returns": True}, "returns=True"),
        ({"returns": int}, "how many values"),
        ({"name": 5}, "name=5"),
        ({"name": INOUT}, "no parameter|give a str"),
        ({"priority": "high"}, "priority='high'"),
        ({"check": 1}, "check=1: give True or False"),
        ({"target_direction": OUT}, "give IN or INOUT"),
        ({"numba": True}, "'numba' is not available yet"),
        ({"timeout": "3"}, "give the seconds that a run may take"),
        ({"timeout": -1}, "give the seconds"),
        ({"retries": 1.5}, "how often a task that failed is tried again"),
        ({"retries": True}, "how often"),
        ({"timeout": 1, "time_out": 2}, "time_out and timeout are one option"),
        ({"on_failure": "IGNORE"}, "catch the exception where you wait"),
        ({"on_failure": 3}, "'RETRY' or 'CANCEL_SUCCESSORS'"),
    ],
)
def test_mistakes_in_the_decorator(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        TaskSignature.of(plain, options)


def test_directions_for_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="no parameter 'z'"):
        TaskSignature.of(plain, {}, {"z": INOUT})


def generator() -> Any:
    yield 1


async def yielding() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (generator, r"return list\(\.\.\.\)"),
        (yielding, "an async generator function.*list"),
        (5, "write @task above a def"),
    ],
)
def test_what_cannot_be_a_task(thing: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        TaskSignature.of(thing)
    if callable(thing):
        with pytest.raises(UsageError, match=says):
            TaskSignature.of(functools.partial(thing))


def test_c_callables() -> None:
    assert TaskSignature.of(math.sqrt).bind((4.0,), {}) == ()
    silent = TaskSignature.of(max)
    assert silent.parameters is None
    assert silent.bind((1, 2, 3), {}) == ()
    assert silent.bind((1,), {"key": len}) == ()
    with pytest.raises(UsageError, match="wrap it in a def"):
        TaskSignature.of(max, {"x": INOUT})


def test_partials_and_wrappers() -> None:
    s = TaskSignature.of(functools.partial(plain, 1), {"b": INOUT})
    assert s.name == "plain"
    assert s.bind((2,), {}) == [("b", INOUT, 2)]

    @functools.wraps(plain)
    def without_a(*args: Any, **kwargs: Any) -> Any: ...

    s = TaskSignature.of(without_a, {"c": INOUT})
    assert s.parameters == ("a", "b", "c")
    assert s.bind((2,), {"c": 7}) == [("c", INOUT, 7)]


class LikeAFuture:
    def __format__(self, spec: str) -> str:
        raise FutureUsedAsValue("a future")

    def __repr__(self) -> str:
        return "<future of g #3>"


def test_titles() -> None:
    s = TaskSignature.of(axpy, {"name": "{a:.1f} {rest[0]} {scale}"})
    assert s.title((1.25, 0, 0, "r"), {}) == "1.2 r 1.0"
    with pytest.raises(UsageError, match="it may show a, x, y"):
        s.title((1.25, 0), {})
    assert (
        TaskSignature.of(plain, {"name": "{a:>9} {c}"}).title((LikeAFuture(), 1), {}) == "<future of g #3> 3"
    )
    with pytest.raises(UsageError, match="cannot be filled in"):
        TaskSignature.of(plain, {"name": "{d}"}).title((1, 2), {})
