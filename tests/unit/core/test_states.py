"""The tables of moves make sense as a whole."""

from __future__ import annotations

import pytest

from treadle_runtime.core.states import (
    DATUM_MOVES,
    TASK_FINAL,
    TASK_MOVES,
    WORKER_MOVES,
    DatumState,
    TaskState,
    WorkerState,
)


@pytest.mark.parametrize(
    ("states", "moves"), [(TaskState, TASK_MOVES), (WorkerState, WORKER_MOVES), (DatumState, DATUM_MOVES)]
)
def test_every_state_has_its_moves_and_every_move_ends_in_a_state(states: type, moves: dict[str, frozenset[str]]) -> None:
    names = {value for key, value in vars(states).items() if key.isupper()}
    assert set(moves) == names
    assert frozenset().union(*moves.values()) <= names
    assert all(state not in targets for state, targets in moves.items()), "a move changes something"


def test_from_every_unfinished_state_a_task_can_end() -> None:
    for state in set(TASK_MOVES) - TASK_FINAL:
        reached = {state}
        while True:
            further = reached.union(*(TASK_MOVES[each] for each in reached))
            if further == reached:
                break
            reached = further
        assert reached >= TASK_FINAL
