"""What held many tasks back is found, and said with what to do."""

from __future__ import annotations

import pytest

from treadle_runtime.client.review import Ran, review, sentences


def ran(
    number: int, born: float, ended: float, run_s: float, *makers: int, name: str = "f", nbytes: int = 10
) -> Ran:
    return Ran(number, name, born, ended, run_s, nbytes, makers)


def even(count: int = 8, run_s: float = 1.0) -> list[Ran]:
    """Tasks that keep two workers busy from beginning to end."""
    return [ran(n + 1, 0.0, (n // 2 + 1) * run_s, run_s) for n in range(count)]


def test_nothing_held_it_back() -> None:
    found = review(even(), workers=2)
    assert (found.took_s, found.work_s, found.idle_s, found.notebook_s) == (4.0, 8.0, 0.0, 0.0)
    head, path, idle, short, data, notebook = sentences(found)
    assert head == "8 tasks in 4.0 s: 8.0 s of work on 2 workers, 2.0x"
    assert path.endswith("it did not hold anything back")
    assert idle == "idle workers: 0% of their time: they had enough to do"
    assert short == "short tasks: 0 of 8 below 100 µs: nothing to gain there"
    assert data == "data: 80 bytes of results, 0 bytes of arguments stored: not much"
    assert notebook.endswith("nothing was called: fine")


def test_of_a_part_of_the_tasks_no_chain_is_told() -> None:
    head, path, *_ = sentences(review(even(), workers=2, there_were=50))
    assert head.startswith("8 of 50 tasks in 4.0 s")
    assert path.startswith("critical path: not known")


def test_a_chain_is_the_limit() -> None:
    rows = [ran(n, 0.0, float(n), 1.0, *([n - 1] if n > 1 else []), name=f"step{n}") for n in range(1, 7)]
    found = review([*rows, ran(7, 0.0, 2.0, 2.0)], workers=4)
    assert [each.number for each in found.path] == [1, 2, 3, 4, 5, 6]
    line = sentences(found)[1]
    assert "6.0 s in 6 tasks (step1 #1 > step2 #2 > ... > step5 #5 > step6 #6), 100% of the time" in line
    assert "more workers would not help" in line


def test_the_longest_chain_is_by_time_not_by_length() -> None:
    rows = [
        ran(1, 0, 1, 0.1),
        ran(2, 0, 1, 0.1, 1),
        ran(3, 0, 1, 0.1, 2),
        ran(4, 0, 5, 5.0),
        ran(5, 0, 6, 1.0, 3, 4),
    ]
    assert [each.number for each in review(rows, 2).path] == [4, 5]


def test_waiting_in_a_loop_is_the_notebooks_doing() -> None:
    rows = [ran(n + 1, 2.0 * n, 2.0 * n + 1, 1.0) for n in range(5)]
    found = review(rows, workers=2)
    assert found.notebook_s == pytest.approx(8.0)
    assert "the notebook had not called the next task yet" in sentences(found)[2]
    assert "Call all tasks first, then wait_on once" in sentences(found)[5]


def test_one_long_task_at_the_end() -> None:
    found = review([*even(4), ran(5, 0.0, 12.0, 10.0)], workers=2)
    assert found.tail_idle_s == pytest.approx(10.0)
    assert "fewer tasks than workers were left at the end" in sentences(found)[2]


def test_workers_that_were_starting() -> None:
    found = review([ran(n, 0.0, 3.0, 0.5) for n in (1, 2)], workers=2)
    assert "still starting" in sentences(found)[2]


def test_workers_that_ran_tasks_of_other_cells_were_not_idle() -> None:
    row = ran(3, 2.0, 12.0, 0.5)
    found = review([row], workers=2, others=[(0.0, 11.0), (1.0, 11.5), (11.5, 13.0), (20.0, 30.0)])
    assert (found.elsewhere_s, found.idle_s) == (pytest.approx(19.0), pytest.approx(0.5))
    assert sentences(found)[2] == (
        "idle workers: 2% of their time, 95% went to tasks of other cells: they had enough to do"
    )
    assert "still starting" not in sentences(review([row], workers=2, others=[(0.0, 11.0), (8.0, 11.5)]))[2]


def test_short_tasks_and_much_data() -> None:
    rows = [ran(n, 0.0, 1.0, 20e-6, name="tiny", nbytes=10**7) for n in range(1, 101)]
    found = review(rows, 2, stored_nbytes=200)
    lines = sentences(found)
    assert (
        "100 of 100 below 100 µs, mostly tiny: several items in one task, treadle.map(tiny, items, chunk=100)"
        in lines[3]
    )
    assert "1.0 GB of results" in lines[4]
    assert "INOUT" in lines[4]
    assert "arguments stored: give tasks" in sentences(review(rows[:1], 2, stored_nbytes=3 * 10**9))[4]
