"""Execute the demo notebooks headless on real input and print what they found: `make demo`.

Each notebook leaves its result in an output of type `application/vnd.treadle.result+json`: result, check, passed.
The executed notebooks and their HTML go to `build/`. Exit code 1 if a cell or a check fails.

    python run_demo.py [--build FOLDER] [NOTEBOOK ...]
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

HERE = Path(__file__).resolve().parent
RESULT = "application/vnd.treadle.result+json"
CELL_TIMEOUT_S = 180
ALLOWED_S = 60  # what a notebook may take on two cores
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Outcome:
    """What one notebook gave."""

    notebook: str
    result: str
    check: str
    passed: bool
    seconds: float


def execute(path: Path, build: Path) -> Outcome:
    """Run one notebook in a fresh kernel, write it and its HTML to `build`, and read its result."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # its words on encryption between the two of us help nobody
        resources={"metadata": {"path": str(path.parent)}},
    )
    started = time.perf_counter()
    problem = ""
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        problem = ANSI.sub("", str(error))
        print(f"\n{path.name} failed:\n{problem}", file=sys.stderr)
    taken = time.perf_counter() - started
    build.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, build / path.name)
    html, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    (build / path.with_suffix(".html").name).write_text(html, encoding="utf-8")
    return outcome(path.stem, notebook, problem, taken)


def outcome(name: str, notebook: Any, problem: str, taken: float) -> Outcome:
    """Read the result that an executed notebook left."""
    left = [
        output["data"][RESULT]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if RESULT in output.get("data", {})
    ]
    if problem:
        return Outcome(name, "failed", problem.strip().splitlines()[-1], False, taken)
    if not left:
        return Outcome(name, "none", "the notebook left no result", False, taken)
    last = left[-1]
    return Outcome(name, last["result"], last["check"], bool(last["passed"]), taken)


def table(outcomes: list[Outcome]) -> str:
    """The result table as text."""
    blocks = []
    for each in outcomes:
        late = f"  (more than the {ALLOWED_S} s it may take on two cores)" if each.seconds > ALLOWED_S else ""
        blocks.append(
            f"{'ok    ' if each.passed else 'FAILED'}  {each.notebook:<22} {each.seconds:5.1f} s{late}\n"
            f"        result  {each.result}\n"
            f"        check   {each.check}"
        )
    return "\n".join(blocks)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Execute the demo notebooks and print their results.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all next to this file")
    parser.add_argument("--build", type=Path, default=HERE.parent / "build", help="where executed notebooks go")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TREADLE_KEEP_ALIVE", "10s")  # nobody comes back to the runtime of a headless notebook
    outcomes = []
    for path in options.notebooks or sorted(HERE.glob("0*.ipynb")):
        print(f"running {path.name} ...", flush=True)
        outcomes.append(execute(path.resolve(), options.build))
    print(f"\n{table(outcomes)}\n\nexecuted notebooks and HTML: {options.build}")
    return 0 if all(each.passed for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
