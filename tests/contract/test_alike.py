"""Failures that are alike are told as one, wherever tasks run."""

from __future__ import annotations

import re

from treadle_runtime.api import barrier, future, futures, peek, task, wait_on
from treadle_runtime.api.unseen import told


@task
def fragile(i):
    if i % 2:
        raise ValueError(f"odd: {i}")
    return 1 / (i - 2)


def test_failures_are_grouped_by_function_type_and_line_and_named_with_their_place():
    tries = [fragile(i) for i in range(9)]
    for each in tries:
        each.add_done_callback(lambda _future: None)
    while not all(each.done() for each in tries):
        for each in tries:
            each._call.client.wait_for([each._call])
    head, *lines = told(peek().failures()).splitlines()
    assert head == "5 tasks failed and nobody has looked:"
    assert len(lines) == 2
    assert re.fullmatch(r"  4 x ValueError, fragile, test_alike\.py line 14: odd: 1", lines[0])
    assert re.fullmatch(
        r"  ZeroDivisionError, fragile #\d+, test_alike\.py line 15: division by zero", lines[1]
    )


def test_looking_at_one_leaves_the_others():
    failed = [each for each in futures(function="fragile", state="failed") if not each._call.looked]
    assert failed
    failed[0].exception()
    assert len(peek().failures()) == len(failed) - 1
    for each in failed:
        each.exception()
    assert told(peek().failures()) == ""
    barrier()


def test_a_task_is_found_by_its_number_function_and_state():
    x = fragile(4)
    wait_on(x)
    assert future(x._call.number)._call is x._call
    assert x._call in [each._call for each in futures(function="fragile", state="done")]
    assert futures(function="fragile", state="running") == []
    assert futures(function="nothing of that name") == []
