"""The Binder folder has the shape that repo2docker expects, and names what the project needs."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
CONDA_NAMES = {"xxhash": "python-xxhash", "graphviz": "python-graphviz", "matplotlib": "matplotlib-base"}
HEADLESS_ONLY = {"nbclient", "nbconvert", "nbformat"}  # what the demo runner needs, and JupyterLab brings anyway


@pytest.mark.parametrize("script", ["postBuild", "start"])
def test_scripts_are_executable_strict_and_valid(script: str) -> None:
    path = BINDER / script
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/bin/bash"
    assert "set -euo pipefail" in lines
    assert os.access(path, os.X_OK)
    listed = subprocess.run(["git", "ls-files", "-s", f"binder/{script}"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert listed.stdout.startswith("100755")
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_start_hands_over_to_what_it_is_given() -> None:
    assert (BINDER / "start").read_text(encoding="utf-8").splitlines()[-1] == 'exec "$@"'
    done = subprocess.run([str(BINDER / "start"), "printenv", "TREADLE_MEMORY"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == os.environ.get("TREADLE_MEMORY", "25%")


def test_post_build_needs_nothing_that_environment_does_not_name() -> None:
    lines = (BINDER / "postBuild").read_text(encoding="utf-8").splitlines()
    [install] = [line for line in lines if "pip install" in line]
    assert "--no-deps" in install
    assert "--editable" not in install  # with --no-build-isolation that would need `editables`


def test_environment_names_every_requirement_with_the_same_bound() -> None:
    environment = yaml.safe_load((BINDER / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    given = set(environment["dependencies"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = set()
    for requirement in [*project["dependencies"], *extras["lab"], *extras["demo"]]:
        name, bound = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()  # type: ignore[union-attr]
        if name not in HEADLESS_ONLY:
            wanted.add(CONDA_NAMES.get(name, name) + bound)
    assert wanted <= given
    assert [each for each in given if each.startswith("python=")] == ["python=3.12"]


def test_packages_of_the_system_are_one_a_line() -> None:
    for line in (BINDER / "apt.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", line)
