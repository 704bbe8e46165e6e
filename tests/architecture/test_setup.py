"""The set-up scripts say what is missing and how to get it; the browser that is found is one that starts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with nothing but what the scripts themselves call: no apt, no browser."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "id", "cat", "dirname", "rm"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return folder


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def call(script: str, *words: str, tools: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / ".ci" / script), *words],
        env={"PATH": str(tools), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_one_command_of_continuous_integration() -> None:
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "exec make test"
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_a_browser_on_the_path_is_found(tools: Path) -> None:
    chrome = program(tools, "google-chrome", "echo Google Chrome 140")
    assert call("find-browser", tools=tools).stdout.strip() == str(chrome)


def test_a_browser_that_does_not_start_is_passed_over(tools: Path) -> None:
    program(tools, "chromium", "echo 'please install the snap' >&2; exit 1")
    chrome = program(tools, "chromium-browser", "echo Chromium 140")
    assert call("find-browser", tools=tools).stdout.strip() == str(chrome)


def test_the_browser_a_person_names_comes_first(tools: Path, tmp_path: Path) -> None:
    program(tools, "chromium", "echo Chromium 140")
    mine = program(tmp_path, "my-chrome", "echo Mine 1")
    assert call("find-browser", tools=tools, TREADLE_BROWSER=str(mine)).stdout.strip() == str(mine)


def test_without_a_browser_it_says_what_to_install_and_fails(tools: Path) -> None:
    done = call("find-browser", tools=tools)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "sudo apt install chromium" in done.stderr


def test_a_python_that_is_missing_or_too_old_is_named(tools: Path, tmp_path: Path) -> None:
    missing = call("make-venv", str(tmp_path / "venv"), "python9", tools=tools)
    assert missing.returncode == 1
    assert "There is no python9 here" in missing.stderr
    program(tools, "python-old", 'test "$1" = --version && echo Python 3.9.2; exit 1')
    old = call("make-venv", str(tmp_path / "venv"), "python-old", tools=tools)
    assert old.returncode == 1
    assert "Python 3.9.2 is too old" in old.stderr


def test_a_python_without_venv_says_which_package_brings_it(tools: Path, tmp_path: Path) -> None:
    program(tools, "python-bare", 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.11-venv;; esac')
    bare = call("make-venv", str(tmp_path / "venv"), "python-bare", tools=tools)
    assert bare.returncode == 1
    assert "apt install python3.11-venv" in bare.stderr
    assert not (tmp_path / "venv").exists()


def test_every_target_is_explained_by_make_alone() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = makefile.split(".PHONY:")[1].splitlines()[0].split()
    own = {"help", "frontend", "waiting", "computing", "measuring"}  # parts of `make test`
    assert not [target for target in phony if target not in own and f"make {target} " not in told]
