"""The reference reducer: deltas in, state out. Its twin is labextension/src/feed/reducer.ts.

Law: the only reading of a delta; both are proven by the same files in tests/feed/golden.
"""

from __future__ import annotations

from .delta import FEED, LISTS, TABLES, Delta, State


def nothing() -> State:
    """Return the state before the first delta."""
    return {"epoch": "", "seq": -1, **{kind: {} for kind in TABLES}, **{kind: [] for kind in LISTS}}


def reduce(state: State, delta: Delta) -> bool:
    """Apply `delta` to `state` in place; False if deltas are missing before it: ask for a reset.

    What is older than the state is passed over. Pure, never blocks.
    """
    if delta.get("reset"):
        state.update(nothing())
    elif delta["epoch"] != state["epoch"] or delta["seq"] > state["seq"] + 1:
        return False
    elif delta["seq"] <= state["seq"]:
        return True
    state["epoch"], state["seq"] = delta["epoch"], delta["seq"]
    for kind, keys in delta.get("del", {}).items():
        if kind in LISTS:
            state[kind] = [item for item in state[kind] if str(item["number"]) not in keys]
        else:
            for key in keys:
                state[kind].pop(key, None)
    for kind, records in delta.get("put", {}).items():
        for key, fields in records.items():
            record = state[kind].setdefault(key, {})
            record.update(fields)
            for name in [name for name, value in fields.items() if value is None]:
                del record[name]
    for kind, items in delta.get("add", {}).items():
        for item in items:
            at = next((i for i, old in enumerate(state[kind]) if old["number"] == item["number"]), None)
            state[kind][len(state[kind]) if at is None else at : None if at is None else at + 1] = [item]
    return True


def as_delta(state: State) -> Delta:
    """Return the delta from nothing that gives `state`."""
    put = {kind: {key: dict(record) for key, record in state[kind].items()} for kind in TABLES if state[kind]}
    add = {kind: list(state[kind]) for kind in LISTS if state[kind]}
    return {"feed": FEED, "epoch": state["epoch"], "seq": state["seq"], "reset": True, "put": put, "add": add}
