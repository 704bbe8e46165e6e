"""What is ahead: what runs, and the longest chain of what is left."""

from __future__ import annotations

import pytest
from playbook import Playbook, launch, ok, out, task

from treadle_runtime.core import outlook


def test_the_longest_chain_is_that_of_the_tasks_left(book: Playbook) -> None:
    books = book.scheduler.books
    book.know(7, 2.0)
    book.know(8, 0.5)
    book.workers(1).expect()
    book.submit(
        task(1), task(2, out(1)), task(3, out(2), function=8), task(4, function=8), task(5, out(3), out(4))
    )
    book.anything()
    assert outlook.longest_path_s(books, 1, 6) == pytest.approx(2 + 2 + 0.5 + 2)
    assert outlook.longest_path_s(books, 4, 5) == pytest.approx(0.5)
    assert outlook.running(books, 1, 6) == 1
    assert outlook.running(books, 2, 6) == 0
    book.returns(1, ok(1, run_s=2.0))
    book.anything()
    assert outlook.longest_path_s(books, 1, 6) == pytest.approx(2 + 0.5 + 2, rel=0.01)


def test_unknown_functions_count_nothing_and_what_runs_counts_what_is_left_of_it(book: Playbook) -> None:
    books = book.scheduler.books
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1))
    assert outlook.longest_path_s(books, 1, 3) == 0.0
