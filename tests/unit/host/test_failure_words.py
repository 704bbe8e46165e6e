"""A failure in the runtime's own words, with the lines of cells that a kernel has told."""

from __future__ import annotations

from pathlib import Path

from treadle_runtime.host.failure_words import described
from treadle_runtime.host.sources import CHARS, FILES, Sources
from treadle_runtime.worker.failure import Failure, Raised

CELL = "/tmp/ipykernel_1/2.py"


def failure(file: str = CELL) -> Failure:
    cause = Raised("cause", "KeyError", "'x'", None, [(file, 2, "look")])
    return Failure(7, 1, 1, [Raised("", "ValueError", "no <b>", None, [(file, 3, "f")]), cause], "x=1")


def test_lines_of_a_cell_are_shown_once_its_kernel_has_told_them() -> None:
    sources = Sources()
    bare = described(failure(), sources)
    assert (bare["place"], bare["type"], bare["message"]) == ("2.py line 3", "ValueError", "no <b>")
    sources.take({CELL: ("Cell In[5]", "@task\ndef f(x):\n    return g(x)\n")})
    told = described(failure(), sources)
    assert told["place"] == "[5] line 3"
    assert told["traceback"].splitlines() == [
        "Cell In[5], line 2, in look",
        "      1   @task",
        "----> 2   def f(x):",
        "      3       return g(x)",
        "KeyError: 'x'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Cell In[5], line 3, in f",
        "      2   def f(x):",
        "----> 3       return g(x)",
        "ValueError: no <b>",
    ]


def test_a_file_that_was_corrected_is_shown_as_it_is(tmp_path: Path) -> None:
    file, sources = tmp_path / "job.py", Sources()
    file.write_text("def f(x):\n    return 1 / x\n")
    assert sources.around(str(file), 2)[-1].endswith("return 1 / x")
    file.write_text("def f(x):\n    return 1 / (x or 1)\n")
    assert "1 / (x or 1)" in sources.around(str(file), 2)[-1]


def test_what_kernels_tell_is_bounded() -> None:
    sources = Sources()
    for n in range(FILES + 10):
        sources.take({f"{n}.py": (f"Cell In[{n}]", "x" * (CHARS + 10))})
    assert sources.place("0.py") == "File 0.py"
    assert len(sources.around(f"{FILES}.py", 1)[0]) < CHARS + 20


def test_lines_that_are_none_are_left_out() -> None:
    sources = Sources()
    sources.take({CELL: ("Cell In[5]", "one line")})
    assert sources.around(CELL, 40) == []
    assert sources.around("/none/such.py", 1) == []
