"""The wheel: built from the checkout without Node and without network, complete, and usable by itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BUILD = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    made = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder / made.stdout.split()[-1]


def test_it_holds_both_packages_the_front_end_and_the_tour(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        str(path.relative_to(folder))
        for folder in (ROOT / "runtime", ROOT / "kernel_ext")
        for path in folder.rglob("*.py")
    }
    assert sources <= names
    assert {
        "treadle_runtime/py.typed",
        "treadle/py.typed",
        "treadle/static/widget.js",
        "treadle/tour/01-tour.ipynb",
        "treadle/tour/02-heat-uncertainty.ipynb",
        "treadle/tour/03-blocked-matmul.ipynb",
        "treadle/tour/04-text.ipynb",
        "treadle/tour/05-cells.ipynb",
        "treadle/tour/06-failures.ipynb",
        "treadle/tour/08-pruning.ipynb",
        "treadle/tour/heat.py",
        "treadle/tour/data/unit_square.msh",
        "treadle/tour/data/parameters.json",
    } <= names


def test_it_switches_the_server_extension_on(wheel: Path) -> None:
    config = json.loads(
        zipfile.ZipFile(wheel).read("treadle-0.1.0.data/data/etc/jupyter/jupyter_server_config.d/treadle.json")
    )
    assert config == {"ServerApp": {"jpserver_extensions": {"treadle.server": True}}}


def test_it_holds_the_jupyterlab_extension_as_it_is_committed(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    prefix = "treadle-0.1.0.data/data/share/jupyter/labextensions/treadle/"
    held = {name.removeprefix(prefix): archive.read(name) for name in archive.namelist() if name.startswith(prefix)}
    dist = ROOT / "labextension" / "dist"
    assert held == {str(path.relative_to(dist)): path.read_bytes() for path in dist.rglob("*") if path.is_file()}
    described = json.loads(held["package.json"])
    script = described["jupyterlab"]["_build"]["load"].partition("?")[0]
    assert script in held
    assert described["version"] == "0.1.0"
    assert json.loads(held["install.json"])["packageName"] == "treadle"
    assert "properties" in json.loads(held["schemas/treadle/plugin.json"])
    assert json.loads(held["static/third-party-licenses.json"]) == {"packages": []}


def test_it_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"treadle", "treadle_runtime", "treadle-0.1.0.dist-info", "treadle-0.1.0.data"}
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "__pycache__" in name or name.endswith(".pyc")]
    assert wheel.stat().st_size < 2_000_000


def test_installed_it_is_an_extension_of_jupyterlab_and_uninstalled_nothing_is_left(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=60)
    fresh = _files(home)

    def run(*words: str, **more: str) -> str:
        environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_NO_CONFIG": "1", **more}
        done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return re.sub(r"\x1b\[\d+m", "", done.stdout + done.stderr)

    python, pip = str(home / "bin" / "python"), (sys.executable, "-m", "pip", "--python", str(home), "-q", "--disable-pip-version-check")
    libraries = os.pathsep.join(path for path in sys.path if path.endswith("-packages"))  # JupyterLab, but not its own folders
    run(*pip, "install", "--no-deps", "--no-index", "--no-compile", str(wheel))
    listed = run(python, "-m", "jupyterlab.labextensions", "list", PYTHONPATH=libraries, PYTHONDONTWRITEBYTECODE="1")
    (line,) = [line for line in listed.splitlines() if " treadle " in line]
    assert "v0.1.0" in line
    assert "enabled" in line
    assert "OK" in line
    assert "(python, treadle)" in line
    listed = run(python, "-m", "jupyter_server.extension.serverextension", "list", PYTHONPATH=libraries, PYTHONDONTWRITEBYTECODE="1")
    assert "treadle.server enabled" in listed
    assert re.search(r"treadle\.server.*OK", listed)
    run(*pip, "uninstall", "-y", "treadle")
    assert _files(home) == fresh


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_its_tour_unpacks_and_keeps_what_is_there(wheel: Path, tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "my tour"
    zipfile.ZipFile(wheel).extractall(site)
    folder.mkdir()
    (folder / "heat.py").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "treadle_runtime.cli", "tour", str(folder)],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("01-tour.ipynb", "data/unit_square.msh"):
        assert (folder / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    assert (folder / "heat.py").read_text() == "mine"
    assert "1 of the files were there already" in done.stderr
