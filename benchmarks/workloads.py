"""The functions that the benchmarks run as tasks; in a module of their own, so that any pool can import them."""

from __future__ import annotations

from typing import Any

import numpy as np


def noop(*_args: Any) -> None:
    return None


def increase(x: int) -> int:
    return x + 1


def add(a: int, b: int) -> int:
    return a + b


def first(array: Any) -> float:
    return float(array[0])


def make(count: int) -> Any:
    return np.ones(count)


def double(array: Any) -> Any:
    return array * 2.0


def block(size: int, seed: int) -> Any:
    return np.random.default_rng(seed).standard_normal((size, size))


def multiply(a: Any, b: Any) -> Any:
    return a @ b


def multiply_add(c: Any, a: Any, b: Any) -> Any:
    return c + a @ b
