"""Definitions, and what their code mentions."""

from __future__ import annotations

import functools
import os
import pickle
import random
from random import gauss
from typing import Any

import numpy as np
import pytest

from treadle_runtime.worker.functions import Functions, draws, mentions

TOUCHY = frozenset({"chdir", "umask"})


def direct() -> None:
    os.chdir("/")


def helper() -> None:
    direct()


class Tool:
    def use(self) -> None:
        helper()

    def __call__(self) -> None:
        self.use()


def through_class() -> None:
    Tool().use()


def nested() -> Any:
    return [os.umask(n) for n in (lambda: (0,))()]


def innocent() -> int:
    return len(os.sep)


def closing(function: Any) -> Any:
    return lambda: function()


@pytest.mark.parametrize(
    "function",
    [direct, helper, through_class, nested, closing(direct), functools.partial(direct), Tool(), Tool().use],
)
def test_it_follows_what_a_function_calls(function: Any) -> None:
    assert mentions(function, TOUCHY)


@pytest.mark.parametrize("function", [innocent, closing(innocent), functools.partial(innocent), len, int])
def test_it_leaves_others_alone(function: Any) -> None:
    assert not mentions(function, TOUCHY)


def test_when_there_is_too_much_to_follow_the_answer_is_yes() -> None:
    namespace: dict[str, Any] = {}
    for i in range(1000):
        exec(f"def f{i}(): f{i + 1}()", namespace)  # noqa: S102 - a chain of a thousand functions
    assert mentions(namespace["f0"], TOUCHY)


def test_a_function_is_loaded_once_and_replaced_by_a_new_definition() -> None:
    functions = Functions()
    functions.define(
        [(1, "sin", b"\x80\x05cmath\nsin\n.", {}), (2, "g", pickle.dumps(os.system), {"touches": ["cwd"]})]
    )
    function = functions[1]
    assert function.value is None
    assert function.watched  # until known better
    function.load()
    assert function.value is not None
    assert not function.watched
    functions[2].load()
    assert functions[2].watched
    functions.define([(1, "cos", b"\x80\x05cmath\ncos\n.", {})])
    assert functions[1] is not function
    assert functions.get(3) is None


def test_what_cannot_be_loaded_is_tried_again_in_the_next_world() -> None:
    functions = Functions()
    functions.define([(1, "f", b"\x80\x05cnot_there\nf\n.", {})])
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            functions[1].load()


def test_run_times_are_forgotten_slowly() -> None:
    functions = Functions()
    functions.define([(1, "f", b"", {})])
    function = functions[1]
    assert function.slowest_s > 1e9
    function.took(1.0)
    assert function.slowest_s == 1.0
    function.took(2.0)
    assert function.slowest_s == 2.0
    function.took(0.1)
    assert 1.0 < function.slowest_s < 2.0


def draw() -> Any:
    return random.random(), float(np.random.rand())


class Sampler:
    def sample(self) -> Any:
        return np.random.default_rng(3).random()


def by_import() -> Any:
    from numpy.random import rand

    return rand()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (draw, True),
        (gauss, True),
        (random.random, True),
        (np.random.rand, True),
        (by_import, True),
        (lambda: draw(), True),
        (lambda: Sampler().sample(), True),
        (lambda: [gauss(0, 1) for _ in range(3)], True),
        (len, False),
        (lambda x: np.sum(x), False),
        (lambda s: s.strip().upper(), False),
    ],
)
def test_what_counts_as_drawing(function: Any, expected: bool) -> None:
    assert draws(function) is expected
