"""The queue of ready tasks."""

from __future__ import annotations

import gc
import random

from treadle_runtime.core.fairness import PRIORITIES, FairQueue
from treadle_runtime.core.records import Client, Function, Task
from treadle_runtime.core.states import TaskState

FUNCTION = Function(7, "f")
CLIENT = Client(1)


def ready(queue: FairQueue, number: int, cell: int = 1, priority: int = 0, client: Client = CLIENT) -> Task:
    task = Task(number, FUNCTION, queue.lane(priority, client, cell), TaskState.READY, [], 1)
    queue.push(task)
    return task


def drain(queue: FairQueue) -> list[int]:
    numbers = []
    while (task := queue.pop()) is not None:
        numbers.append(task.number)
    return numbers


def test_tasks_leave_a_lane_by_number_whatever_the_order_they_came_in() -> None:
    queue = FairQueue()
    numbers = list(range(1, 200))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        ready(queue, number)
    assert len(queue) == 199
    assert drain(queue) == list(range(1, 200))
    assert len(queue) == 0


def test_lanes_take_turns_and_priorities_do_not() -> None:
    queue = FairQueue()
    for number in (1, 2, 3):
        ready(queue, number)
    ready(queue, 4, cell=2)
    ready(queue, 5, client=Client(2))
    ready(queue, 6, priority=-1)
    ready(queue, 7, priority=2)
    assert drain(queue) == [7, 1, 4, 5, 2, 3, 6]


def test_a_task_put_back_is_the_next_again() -> None:
    queue = FairQueue()
    for number, cell in ((1, 1), (2, 1), (3, 2)):
        ready(queue, number, cell)
    task = queue.pop()
    assert task is not None
    queue.unpop(task)
    assert drain(queue) == [1, 3, 2]


def test_what_is_no_longer_ready_is_passed_over_and_thrown_out() -> None:
    queue = FairQueue()
    tasks = [ready(queue, number, cell=number % 3) for number in range(1, 31)]
    for task in tasks[5:]:
        task.state = TaskState.CANCELLED
    queue.compact()
    assert len(queue) == 5
    assert not any(task.queued for task in tasks[5:])
    tasks[0].state = TaskState.WAITING
    assert sorted(drain(queue)) == [2, 3, 4, 5]
    tasks[0].state = TaskState.READY
    queue.push(tasks[0])
    queue.push(tasks[0])
    assert drain(queue) == [1]


def test_lanes_and_priorities_nobody_uses_are_forgotten() -> None:
    queue = FairQueue()
    for priority in range(10 * PRIORITIES):
        ready(queue, priority + 1, cell=priority, priority=priority)
        drain(queue)
    gc.collect()
    assert len(queue._lanes) <= 1
    assert len(queue._order) <= PRIORITIES + 2
