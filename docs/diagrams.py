"""Draws the states of tasks, workers and versions from the tables of the core, as mermaid text.

Run `python docs/diagrams.py` to see it, `python docs/diagrams.py --write` to put it into runtime/README.md.
A test compares the two.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))

from treadle_runtime.core.states import DATUM_MOVES, TASK_FINAL, TASK_MOVES, WORKER_MOVES

README = Path(__file__).parents[1] / "runtime/README.md"
BEGIN = "<!-- states: drawn by docs/diagrams.py -->"
END = "<!-- end of states -->"


def diagram(moves: dict[str, frozenset[str]], starts: list[str], ends: list[str]) -> str:
    """One state diagram: an arrow for each move the table allows."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in starts]
    for state, targets in moves.items():
        lines += [f"    {state} --> {target}" for target in moves if target in targets]
    lines += [f"    {state} --> [*]" for state in ends]
    return "\n".join([*lines, "```"])


def section() -> str:
    """The block of the README between the two marks."""
    parts = [
        "Tasks:",
        diagram(TASK_MOVES, ["waiting", "ready"], [state for state in TASK_MOVES if state in TASK_FINAL]),
        "Versions:",
        diagram(DATUM_MOVES, ["pending", "ready"], ["dropped"]),
        "Workers:",
        diagram(WORKER_MOVES, ["idle"], ["gone"]),
    ]
    return "\n\n".join(parts)


def written(text: str) -> str:
    """What stands between the marks in a text."""
    return text.split(BEGIN)[1].split(END)[0].strip()


def main() -> None:
    if "--write" in sys.argv[1:]:
        text = README.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        README.write_text(f"{before}{BEGIN}\n{section()}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    else:
        print(section())


if __name__ == "__main__":
    main()
