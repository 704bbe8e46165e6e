"""What a type checker says of code that uses Treadle: checked by test_checkers.py, never run."""

from collections.abc import Callable
from typing import Annotated, Any, assert_type

import treadle
from treadle import INOUT, Future, as_completed, map, put, task, wait_on


@task
def length(text: str, factor: float = 1.0) -> float:
    return len(text) * factor


@task(priority=True, name="case {n}")
def square(n: int) -> int:
    return n * n


@task(returns=2)
def halves(text: str) -> tuple[str, int]:
    return text[: len(text) // 2], len(text)


@task(returns=3)
def three(n: int) -> tuple[int, float, str]:
    return n, float(n), str(n)


@task(returns=2)
def listed(n: int) -> list[int]:
    return [n, n]


@task
async def fetched(url: str) -> bytes:
    return url.encode()


@task(c=INOUT)
def grow(c: list[int], n: int) -> None:
    c.append(n)


@task
def grow_too(c: Annotated[list[int], INOUT], n: int) -> None:
    c.append(n)


class Solver:
    @task
    def step(self, n: int) -> float:
        return n / 2

    @task(returns=2)
    def both(self, n: int) -> tuple[int, str]:
        return n, str(n)


# Calls give futures of what the function returns.
assert_type(length("a", factor=2.0), Future[float])
assert_type(square(3), Future[int])
assert_type(fetched("http"), Future[bytes])
assert_type(grow([1], 2), Future[None])
assert_type(grow_too([1], 2), Future[None])
assert_type(Solver().step(3), Future[float])
assert_type(task(max)(1, 2), Future[int])

# With returns=N as many as the tuple has, each of its own kind; else a tuple of who knows what.
assert_type(halves("ab"), tuple[Future[str], Future[int]])
assert_type(three(1), tuple[Future[int], Future[float], Future[str]])
assert_type(listed(1), tuple[Future[Any], ...])
assert_type(Solver().both(1), tuple[Future[int], Future[str]])

# Futures are arguments like any other.
assert_type(square(square(3)), Future[int])
text, count = halves("ab")
assert_type(length(text), Future[float])

# The plain function keeps its signature.
plain: Callable[[int], int] = square.function
assert_type(square.function(3), int)

# wait_on gives values.
assert_type(wait_on(square(3)), int)
assert_type(wait_on([square(3), square(4)]), list[int])
assert_type(wait_on([[square(3)], [square(4)]]), list[list[int]])
assert_type(wait_on({"a": square(3)}), dict[str, int])
assert_type(wait_on({"a": [square(3)]}), dict[str, list[int]])
assert_type(wait_on(halves("ab")), tuple[str, int])
assert_type(wait_on(three(1)), tuple[int, float, str])
assert_type(wait_on(square(1), square(2)), list[int])
assert_type(wait_on(square(1), text), list[Any])
numbers = [1]
assert_type(wait_on(numbers), list[int])
assert_type(wait_on(put(3.0)), float)
assert_type(square(3).result(), int)

# map and as_completed.
assert_type(map(square, [1, 2]), list[Future[int]])
assert_type(map(len, ["a"]), list[Future[int]])
assert_type(map(fetched, ["a"]), list[Future[bytes]])
assert_type(map(fetched.function, ["a"]), list[Future[bytes]])
assert_type(wait_on(map(square, [1, 2])), list[int])
for future in as_completed([square(1)]):
    assert_type(future, Future[int])


async def awaiting() -> None:
    assert_type(await square(3), int)
    async for each in treadle.as_completed([square(1)]):
        assert_type(each, Future[int])


@treadle.per_worker
def table(n: int) -> dict[int, str]:
    return {n: str(n)}


assert_type(table(3), dict[int, str])

# Mistakes are found.
wait_on(square(3)).upper()  # WRONG attr-defined
square(3).upper()  # WRONG attr-defined
square.function("3")  # WRONG arg-type
halves("ab").result()  # WRONG attr-defined
