"""Which notebook is which."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from treadle.shell.identity import notebook_of, runtime_before
from treadle_runtime.api.joining import why_not
from treadle_runtime.errors import EngineError
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.session import Descriptor, Notebook, Owner, claim, environment, publish, published

MINE = Notebook("/run/kernel-1.json", "/home/me/a.ipynb", "5:77", True)


def runtime(name: str = "r", *notebooks: Notebook, started: float = 0.0, **fields: object) -> Descriptor:
    known = {"named": False, "clients": 1, "environment": environment(), "notebooks": notebooks, **fields}
    owner = Owner.myself()
    return Descriptor(
        name, f"/none/{name}", f"/none/{name}", "e", m.PROTOCOL, started, 2, False, owner, **known
    )  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_a_notebook_is_the_same_by_kernel_or_by_path_and_file():
    renamed = replace(MINE, path="/home/me/b.ipynb")
    reopened = replace(MINE, kernel="/run/kernel-2.json")
    copied = Notebook("/run/kernel-3.json", "/home/me/copy.ipynb", "5:78", True)
    replaced = Notebook("/run/kernel-4.json", MINE.path, "5:99", True)
    assert MINE.is_same(renamed)
    assert MINE.is_same(reopened)
    assert not MINE.is_same(copied)
    assert not MINE.is_same(replaced)
    nameless = replace(MINE, path="", file="")
    assert not nameless.is_same(replace(nameless, kernel="/run/kernel-5.json"))


@pytest.mark.usefixtures("folder")
def test_the_runtime_before_is_found_by_kernel_and_by_path_only_if_nobody_is_there():
    other = replace(MINE, kernel="/run/kernel-2.json")
    publish(runtime("mine", MINE, started=1.0))
    found = runtime_before(MINE)
    assert found is not None
    assert found.name == "mine"
    assert runtime_before(other) is None  # a second kernel of a notebook that is open
    publish(runtime("mine", MINE.left(), started=1.0))
    publish(runtime("later", replace(MINE, kernel="/run/kernel-0.json").left(), started=2.0))
    found = runtime_before(other)
    assert found is not None
    assert found.name == "later"
    assert runtime_before(replace(MINE, kernel="/run/kernel-9.json", path="/home/me/copy.ipynb")) is None


def test_a_terminal_has_no_notebook():
    assert notebook_of(SimpleNamespace(user_ns={})) is None


def test_why_a_runtime_is_not_joined():
    treadle, python, prefix = environment()
    assert why_not(runtime()) == ""
    assert why_not(runtime(environment=(treadle, python, "/else"))) == "runs in another environment (/else)"
    assert why_not(runtime(environment=(treadle, "3.9.1", prefix))) == f"runs Python 3.9.1, not {python}"
    assert why_not(runtime(environment=("0.0.1", python, prefix))) == f"is of Treadle 0.0.1, not {treadle}"


def test_a_name_belongs_to_one_runtime_of_a_machine(folder: Path):
    claim(runtime("lab", named=True))
    with pytest.raises(EngineError, match="'lab' lives already"):
        claim(runtime("lab", named=True))
    elsewhere = runtime("lab", named=True)
    claim(replace(elsewhere, owner=replace(elsewhere.owner, host="other")))  # a home that two machines share
    assert len(published()) == 2
    dead = replace(elsewhere, name="dead", owner=replace(elsewhere.owner, start_time=1.0))
    publish(dead)
    claim(runtime("dead", named=True))
    assert not [name for name in os.listdir(folder) if name.startswith(".")]
    shutil.rmtree(folder)
