"""Who passes what can't be pickled reads which part it is and what to do."""

from __future__ import annotations

import functools
import os
import re
import socket
import sqlite3
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from treadle_runtime.errors import NotSerializable, UsageError
from treadle_runtime.store import diagnose
from treadle_runtime.store.packing import pack


@dataclass
class Reader:
    name: str
    handle: Any = None
    more: list[Any] = field(default_factory=list)


class Slotted:
    __slots__ = ("inner",)


class Stateful:
    def __getstate__(self) -> Any:
        return [1, lock]


class Dictlike(dict):  # type: ignore[type-arg]
    pass


class Refuses:
    def __reduce__(self) -> Any:
        raise ValueError("not\nme")


lock = threading.Lock()


def refused(value: Any, root: str = "args[0]") -> NotSerializable:
    with pytest.raises(NotSerializable) as caught:
        pack(value, root=root)
    assert caught.value.__cause__ is not None
    assert str(caught.value).startswith(caught.value.path + " cannot be pickled: it is ")
    return caught.value


def slotted() -> Slotted:
    thing = Slotted()
    thing.inner = {"deep": lock}
    return thing


def closing_over(thing: Any) -> Any:
    space: dict[str, Any] = {"__name__": "__main__", "thing": thing}
    exec("def outer(inner):\n    def f(): return inner\n    return f", space)  # noqa: S102 - what a cell does
    return space["outer"](thing)


def using_global(thing: Any) -> Any:
    space: dict[str, Any] = {"__name__": "__main__", "thing": thing}
    exec("def f():\n    return [thing for _ in 'ab']", space)  # noqa: S102
    return space["f"]


def extended() -> Dictlike:
    thing = Dictlike(a=1)
    thing.extra = lock  # type: ignore[attr-defined]
    return thing


PATHS = {
    "args[0]": lambda: lock,
    "args[0].handle": lambda: Reader("r", lock),
    "args[0].more[2]": lambda: Reader("r", None, [1, 2, lock]),
    "args[0]['x'][3]": lambda: {"w": 1, "x": [0, 1, 2, lock, 4]},
    "args[0][1][0]": lambda: (1, deque([lock])),
    "args[0].inner['deep']": slotted,
    "args[0].__getstate__()[1]": Stateful,
    "args[0].extra": extended,
    "args[0]['b']": lambda: Dictlike(a=1, b=lock),
    "args[0].__closure__['inner']": lambda: closing_over(lock),
    "args[0].__globals__['thing']": lambda: using_global(lock),
    "args[0].keywords['k']": lambda: functools.partial(print, 1, k=lock),
    "args[0].args[0]": lambda: functools.partial(print, lock),
    "args[0].__self__.handle": lambda: Reader("r", lock).__eq__,
    "args[0][1]": lambda: np.array([1, lock], dtype=object),
    "args[0]['c'][1]": lambda: pd.DataFrame({"a": [1, 2], "c": [None, lock]}),
    "args[0][70000]": lambda: [*range(70_000), lock, *range(70_000)],
}


@pytest.mark.parametrize("path", PATHS)
def test_the_path_names_the_part(path: str) -> None:
    error = refused(PATHS[path]())
    assert error.path == path
    assert "lock" in str(error)


def test_an_element_of_a_set_and_a_key_are_named() -> None:
    assert refused({lock}).path.startswith("args[0].{<unlocked")
    assert refused({(1, lock): 2}).path.endswith("[1]")


@pytest.fixture
def open_things() -> Iterator[dict[str, Any]]:
    things = {
        "file": open(__file__),  # noqa: SIM115
        "binary": open(os.devnull, "rb"),  # noqa: SIM115
        "temporary": tempfile.NamedTemporaryFile(),  # noqa: SIM115
        "database": sqlite3.connect(":memory:"),
        "socket": socket.socket(),
        "generator": (i for i in "ab"),
    }
    yield things
    for thing in things.values():
        thing.close()


REMEDIES = {
    "file": "open file.*Pass its path and open it inside the task",
    "binary": "open file.*open it inside the task",
    "temporary": "open file.*open it inside the task",
    "database": "database connection.*Open it inside the task",
    "socket": "a connection.*Open it inside the task",
    "generator": r"a generator.*Pass list\(\.\.\.\) of it",
}


@pytest.mark.parametrize("kind", REMEDIES)
def test_the_usual_remedy_is_named(kind: str, open_things: dict[str, Any]) -> None:
    error = refused({"k": [open_things[kind]]}, root="result")
    assert error.path == "result['k'][0]"
    assert re.search(REMEDIES[kind], str(error)), str(error)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("h5py._hl.files", "open data file.*open it inside the task"),
        ("matplotlib.axes._axes", "part of a drawing.*Draw inside the task"),
        ("sqlalchemy.engine.base", "database connection.*Open it inside the task"),
        ("multiprocessing.pool", "tied to this process"),
    ],
)
def test_kinds_are_known_by_where_they_come_from(module: str, said: str) -> None:
    """Also when what refuses is something inside: the lock of a connection says less than the connection."""
    kind = type("Thing", (), {"__module__": module})
    thing = kind()
    thing.guard = lock
    refusal = diagnose.explain_pickling([thing], "args[0]", TypeError("cannot pickle"))
    assert refusal.path == "args[0][0]"
    assert re.search(said, str(refusal)), str(refusal)


def test_other_kinds_say_what_they_said() -> None:
    error = refused([Refuses()])
    assert error.path == "args[0][0]"
    assert "saying 'not me'" in str(error)
    assert type(error.__cause__) is ValueError


def test_endless_depth_is_named_as_such() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert "nested too deeply" in str(refused(deep))
    while deep:
        deep = deep[0]


def test_circles_are_walked_once() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    ring.append({"k": lock, "ring": ring})
    assert refused(ring).path == "args[0][2]['k']"


def test_a_search_that_takes_too_long_names_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose, "_LIMIT_S", 0.0)
    error = refused([[1, [lock]]])
    assert error.path == "args[0]"
    assert "cannot pickle" in str(error)


def test_a_pickler_that_knows_more_tries_its_own_way() -> None:
    def refuses_twos(obj: Any) -> None:
        if "2" in repr(obj):
            raise TypeError("no twos")

    error = diagnose.explain_pickling([1, [3, 2]], "args[0]", TypeError("no"), attempt=refuses_twos)
    assert error.path == "args[0][1][1]"
    assert "no twos" in str(error)


def test_errors_of_treadle_itself_come_through() -> None:
    class Own:
        def __reduce__(self) -> Any:
            raise UsageError("said already")

    with pytest.raises(UsageError, match="said already"):
        pack([Own()])


def test_standard_output_may_be_part_of_a_function() -> None:
    assert pack(sys.__stdout__ if sys.stdout is sys.__stdout__ else [sys.stdout.__class__]).nbytes
