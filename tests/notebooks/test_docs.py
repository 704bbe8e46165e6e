"""The documents hold: every Python example runs, links lead somewhere, commands and options that are named exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Runs blocks as a person would run them in order; a block that must raise says which class.
DRIVER = """
import json, linecache, sys
namespace = vars(sys.modules["__main__"])
for name, source, raises in json.load(sys.stdin):
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        exec(compile(source, name, "exec"), namespace)
    except Exception as error:
        if type(error).__name__ != raises:
            raise
        assert str(error).endswith(f" ({raises})"), str(error)
    else:
        assert not raises, f"{name} did not raise {raises}"
import treadle
treadle.stop(cancel=True)
"""


@dataclass(frozen=True)
class Block:
    """An example of a page: where it is, its code and what its first line says about it."""

    place: str
    language: str
    source: str
    raises: str
    settings: dict[str, str]


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        words = dict(word.split("=", 1) for word in match[2].split())
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(f"{page.name}:{line}", match[1], match[3], words.pop("raises", ""), words))
    return found


def run(examples: list[Block], folder: Path, **variables: str) -> str:
    """Run examples in a fresh process and give what they printed."""
    import json

    path = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    environ = {key: value for key, value in os.environ.items() if not key.startswith("TREADLE_")}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps([(each.place, each.source, each.raises) for each in examples]),
        env={**environ, "PYTHONPATH": path, "JUPYTER_RUNTIME_DIR": str(folder), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def python(page: Path) -> list[Block]:
    return [each for each in blocks(page) if each.language == "python"]


@pytest.mark.parametrize("page", [page for page in PAGES if python(page)], ids=lambda page: page.stem)
def test_examples_run_in_the_caller(page: Path, tmp_path: Path) -> None:
    run([each for each in python(page) if "engine" not in each.settings], tmp_path, TREADLE_ENGINE="inline")


@pytest.mark.parametrize("page", ["guide", "semantics", "errors", "restart"])
def test_examples_run_on_workers(page: str, tmp_path: Path) -> None:
    examples = [each for each in python(ROOT / "docs" / f"{page}.md") if "memory" not in each.settings]
    run(examples, tmp_path, TREADLE_WORKERS="2")


def test_the_example_of_a_full_store(tmp_path: Path) -> None:
    examples = python(ROOT / "docs/errors.md")
    [full] = [each for each in examples if "memory" in each.settings]
    run([examples[0], full], tmp_path, TREADLE_MEMORY=full.settings["memory"], TREADLE_WORKERS="2")


def test_the_cell_of_the_readme_shows_what_it_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]))
    cells = [
        nbformat.v4.new_code_cell(each.source)
        for each in blocks(ROOT / "README.md")
        if each.language == "ipython"
    ]
    assert len(cells) == 1
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    printed = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
    assert "328350" in printed
    assert "workers" in printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    assert not [each for each in targets if "://" not in each and not (page.parent / each).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_options_that_are_named_exist(page: Path) -> None:
    from treadle_runtime.config import Options

    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"
    for command in re.findall(r"(?:^|`)treadle ([a-z]+)", text, re.MULTILINE):
        assert command in ("run", "ps", "stop", "tour"), f"treadle {command}"
    known = {f"TREADLE_{name.upper()}" for name in Options.__dataclass_fields__}
    known |= {"TREADLE_BROWSER", "TREADLE_STORE", "TREADLE_NO_PIDFD", "TREADLE_NO_PRCTL"}
    known |= {"TREADLE_PROGRESS", "TREADLE_KEEPALIVE"}
    assert set(re.findall(r"TREADLE_[A-Z_]+[A-Z]", text)) <= known


def test_every_picture_is_shown_and_says_what_is_on_it() -> None:
    shown = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found = re.findall(r'(?:src|srcset)="([^":]+)"', text) + re.findall(r"!\[[^\]]*\]\(([^):]+)\)", text)
        shown |= {(page.parent / each).resolve() for each in found}
        words = re.findall(r'<img [^>]*alt="([^"]*)"', text) + re.findall(r"!\[([^\]]*)\]", text)
        assert len(words) == text.count("<img ") + text.count("![")
        assert all(len(each.split()) >= 4 for each in words), words
    there = set((ROOT / "docs" / "images").resolve().iterdir())
    assert shown == there, sorted(path.name for path in shown ^ there)
    assert not [path.name for path in there if path.stat().st_size >= 200_000]


def test_every_error_is_explained() -> None:
    from treadle_runtime import errors

    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    public = [
        name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)
    ]
    assert not [name for name in public if f"{name}" not in text]


def test_every_dependency_is_explained() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    extras = [each for extra in ("lab", "mpi", "demo") for each in project["optional-dependencies"][extra]]
    names = [re.split(r"[><=\[]", each)[0] for each in [*project["dependencies"], *extras]]
    assert not [each for each in names if each not in text]


def test_the_readme_begins_with_what_it_is_and_has_a_picture() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first = text.split("\n\n")[1]
    assert len(first.splitlines()) <= 5
    order = ["docs/images/window.png", "## In your own notebook", "make demo", "make test"]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)
