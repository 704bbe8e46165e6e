"""Snapshots of cwd, sys.path and environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from treadle_runtime.worker.world import World, apply, note_given


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    path, environ = list(sys.path), dict(os.environ)
    yield
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(environ)


def test_it_notices_each_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.current()
    assert world.is_current()
    os.environ["NEW_ONE"] = "1"
    assert not world.is_current()
    del os.environ["NEW_ONE"]
    sys.path.append("/nowhere")
    assert not world.is_current()
    sys.path.pop()
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert not world.is_current()
    monkeypatch.chdir(tmp_path)
    assert world.is_current()


def test_it_travels_with_bytes_that_are_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environb, b"ODD", b"\xff\xfe")
    world = World.decode(World.current().encode())
    assert world.environ[b"ODD"] == b"\xff\xfe"
    assert world.is_current()
    with pytest.raises(msgspec.DecodeError):
        World.decode(b"nonsense")


def test_apply_brings_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.environ["OLD"] = "kept"
    sys.path.insert(0, "/first")
    world = World.current()
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    del os.environ["OLD"]
    os.environ["LEFT"] = "over"
    entries = sys.path
    sys.path.remove("/first")
    apply(world)
    assert os.getcwd() == str(tmp_path)
    assert os.environ["OLD"] == "kept"
    assert "LEFT" not in os.environ
    assert sys.path[0] == "/first"
    assert sys.path is entries


def test_what_is_the_workers_own_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle_runtime.worker.world._given", {})
    os.environ.pop("OMP_NUM_THREADS", None)
    os.environ["TREADLE_SECRET"] = "kernel"
    world = World.current()
    os.environ["OMP_NUM_THREADS"] = "1"
    note_given()
    os.environ["OMP_NUM_THREADS"] = "9"  # by a task
    os.environ["TREADLE_SECRET"] = "worker"
    os.environ["TREADLE_OWN"] = "worker"
    apply(world)
    assert [os.environ[name] for name in ("OMP_NUM_THREADS", "TREADLE_SECRET", "TREADLE_OWN")] == [
        "1",
        "worker",
        "worker",
    ]


def test_threads_that_the_person_has_set_count_and_only_as_long_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("treadle_runtime.worker.world._given", {b"NUMBA_NUM_THREADS": b"2"})
    os.environ.pop("NUMBA_NUM_THREADS", None)
    without = World.current()
    os.environ["NUMBA_NUM_THREADS"] = "6"
    apply(World.current())
    assert os.environ["NUMBA_NUM_THREADS"] == "6"
    apply(without)
    assert os.environ["NUMBA_NUM_THREADS"] == "2"


def test_treadle_stays_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/nowhere"])
    world = World.current()
    apply(world)
    assert sys.path[0] == "/nowhere"
    assert any(Path(entry, "treadle_runtime").is_dir() for entry in sys.path)


def test_a_folder_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    there = World.current()
    os.rmdir(tmp_path / "gone")
    nowhere = World.current()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="gone") as caught:
        apply(there)
    assert "os.chdir" in str(caught.value)
    with pytest.raises(FileNotFoundError, match="had been deleted"):
        apply(nowhere)
