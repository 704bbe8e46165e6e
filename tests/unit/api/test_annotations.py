"""Directions in annotations: as objects, as text, with names that come later, never come, or are no expression at all."""

from __future__ import annotations

import sys
import types
from typing import Annotated, Any, Optional

import pytest

import treadle_runtime.api as treadle
from treadle_runtime.api import INOUT, OUT
from treadle_runtime.api.annotations import directions_in
from treadle_runtime.api.signature import TaskSignature
from treadle_runtime.errors import UsageError

Grown = Annotated[list, INOUT]


def of(function: Any, **options: Any) -> TaskSignature:
    return TaskSignature.of(function, options)


def test_text_under_the_future_import() -> None:
    def f(a: int, b: Annotated[list, INOUT], *c: Annotated[list, OUT], d: Grown | None = None) -> None: ...

    assert f.__annotations__["b"] == "Annotated[list, INOUT]"
    found = of(f).bind((1, "b", "c0", "c1"), {"d": "d"})
    assert found == [("b", INOUT, "b"), ("c[0]", OUT, "c0"), ("c[1]", OUT, "c1"), ("d", INOUT, "d")]


def test_objects() -> None:
    def f(b: Any, c: Any, d: Any) -> None: ...

    f.__annotations__ = {
        "b": Annotated[list, "metres", INOUT],
        "c": Optional[Grown],  # noqa: UP045 - as people write it
        "d": Annotated[Annotated[list, OUT], 3],
    }
    assert [entry[:2] for entry in of(f).bind((1, 2, 3), {})] == [("b", INOUT), ("c", INOUT), ("d", OUT)]


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Annotated[np.ndarray, INOUT]", INOUT),  # np has no value here, and need not
        ("Annotated['Frame[a, b]', treadle.INOUT]", INOUT),
        ("'Annotated[list, OUT]'", OUT),
        ("Optional[Grown]", INOUT),
        ("Missing | Grown", INOUT),
        ("Annotated[list, Annotated]", None),
        ("Annotated[list]", None),
        ("list[Annotated[list, INOUT]]", None),  # of what is in it, nothing is said
        ("(lambda: 1/0)()", None),
        ("in metres per second", None),
        ("", None),
        ("sys.modules.clear()", None),
        ("1", None),
    ],
)
def test_text_is_read_and_never_run(text: str, direction: Any) -> None:
    def f(c: Any) -> None: ...

    f.__annotations__["c"] = text
    written = [entry[1] for entry in of(f).bind(("c",), {})]
    assert written == ([direction] if direction else [])
    assert "sys" in sys.modules


def test_names_that_only_the_function_around_knows() -> None:
    space: dict[str, Any] = {}
    exec(  # noqa: S102 - a module without these names
        "from __future__ import annotations\n"
        "def make():\n"
        "    from typing import Annotated\n"
        "    from treadle import INOUT\n"
        "    def f(c: Annotated[list, INOUT]): ...\n"
        "    return f\n",
        space,
    )
    assert of(space["make"]()).writes


def test_a_name_that_comes_later_counts_from_the_first_call() -> None:
    module = types.ModuleType("later")
    exec("from __future__ import annotations\ndef f(c: Later): ...", vars(module))  # noqa: S102
    signature = of(module.f)
    module.Later = Grown  # type: ignore[attr-defined]
    assert signature.bind(("c",), {}) == [("c", INOUT, "c")]
    assert signature.writes


def test_a_name_that_never_comes_says_nothing_and_is_not_looked_for_for_ever() -> None:
    def f(c: Never, d: Annotated[list, INOUT]) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    signature = of(f)
    assert signature.bind(("c", "d"), {}) == [("d", INOUT, "d")]
    found, open_ends = directions_in(f, signature.signature.parameters)  # type: ignore[union-attr]
    assert (found, open_ends) == ({"d": INOUT}, True)
    assert not signature._open


def test_the_decorator_may_say_the_same_but_not_another() -> None:
    def f(c: Grown) -> None: ...

    assert of(f, c=INOUT).writes
    with pytest.raises(
        UsageError, match=r"c of .*f is INOUT in its signature and OUT in @task: give one of them"
    ):
        of(f, c=OUT)


def test_of_a_method_and_through_a_wrapper() -> None:
    class Solver:
        def look(self: Annotated[Solver, treadle.IN], x: Grown) -> None: ...

    assert of(Solver.look).bind((1, 2), {}, method=True) == [("x", INOUT, 2)]
