"""A store is on this machine, private, and in memory if there is room."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from treadle_runtime.errors import StoreFull
from treadle_runtime.store import folders

GIB = 1 << 30
Machine = Callable[..., None]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Stand-ins for the usual places, in the order in which they are looked at."""
    made = {name: tmp_path / name for name in ("shm", "runtime", "tmp", "cache")}
    for place in made.values():
        place.mkdir()
    monkeypatch.delenv("TREADLE_STORE", raising=False)
    monkeypatch.setattr(folders, "_parents", lambda: list(made.values()))
    return made


@pytest.fixture
def machine(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Machine:
    def install(kinds: dict[str, str], free: dict[str, int]) -> None:
        mounts = {"/": "ext4", **{str(places[name].resolve()): kind for name, kind in kinds.items()}}
        monkeypatch.setattr(folders, "_mounts", lambda: mounts)
        monkeypatch.setattr(folders, "_free", lambda place: free.get(place.name, 0))

    return install


KINDS = {"shm": "tmpfs", "runtime": "tmpfs", "tmp": "ext4", "cache": "nfs4"}


@pytest.mark.parametrize(
    ("free", "chosen"),
    [
        ({"shm": 8 * GIB, "tmp": 90 * GIB}, "shm"),
        ({"shm": GIB, "runtime": 3 * GIB, "tmp": 90 * GIB}, "runtime"),
        ({"shm": 64 << 20, "tmp": 90 * GIB}, "tmp"),  # a container's shared memory
        ({"shm": 64 << 20, "tmp": GIB, "cache": 90 * GIB}, "tmp"),  # the largest, but never the network's
    ],
)
def test_memory_if_large_enough_else_disk_else_the_largest(
    machine: Machine, places: dict[str, Path], free: dict[str, int], chosen: str
) -> None:
    machine(KINDS, free)
    folder = folders.choose_folder("s-1", 2 * GIB)
    assert folder == places[chosen] / f"treadle-{os.getuid()}-s-1"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_somebody_prepared_is_not_taken(machine: Machine) -> None:
    machine(KINDS, {"shm": 8 * GIB})
    first = folders.choose_folder("s-1", GIB)
    second = folders.choose_folder("s-1", GIB)
    assert first != second
    assert second.name.startswith(first.name)
    assert list(second.iterdir()) == []


def test_a_place_that_cannot_be_written_is_passed_over(
    machine: Machine, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(KINDS, {"shm": 8 * GIB, "tmp": 8 * GIB})
    make = folders._make

    def refuse(parent: Path, session: str) -> Path:
        if parent.name == "shm":
            raise PermissionError(13, "Permission denied")
        return make(parent, session)

    monkeypatch.setattr(folders, "_make", refuse)
    assert folders.choose_folder("s-1", GIB).parent == places["tmp"]


def test_no_local_place_is_an_error_that_says_what_to_set(machine: Machine) -> None:
    machine(dict.fromkeys(KINDS, "nfs4"), {"shm": 8 * GIB})
    with pytest.raises(StoreFull, match="Set TREADLE_STORE"):
        folders.choose_folder("s-1", GIB)


def test_what_the_person_chose_is_the_only_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TREADLE_STORE", str(tmp_path))
    folder = folders.choose_folder("s-9", 1)
    assert folder.parent == tmp_path
    assert folder in folders.store_folders()
    monkeypatch.setenv("TREADLE_STORE", str(tmp_path / "missing"))
    with pytest.raises(StoreFull, match="missing"):
        folders.choose_folder("s-9", 1)


def test_a_runtime_started_inside_a_task_has_a_store_beside_that_of_the_task(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Workers are told their store in the same variable, and what a task starts inherits it."""
    monkeypatch.setenv("TREADLE_STORE", str(tmp_path))
    outer = folders.choose_folder("s-1", 1)
    (outer / "owner.json").write_text("{}")
    monkeypatch.setenv("TREADLE_STORE", str(outer))
    assert folders.choose_folder("s-2", 1).parent == tmp_path


def test_file_systems_are_known_by_the_nearest_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    table = "proc /proc proc rw 0 0\n/dev/vda / ext4 rw 0 0\nsrv:/h /far nfs4 rw 0 0\nt /far/my\\040tmp tmpfs rw 0 0\n"
    monkeypatch.setattr(folders, "_mounts", lambda: dict(folders._rows(table)))
    assert folders.file_system("/srv/data") == "ext4"
    assert folders.file_system("/far/me/.cache") == "nfs4"
    assert folders.file_system("/far/my tmp/x") == "tmpfs"
    assert [folders.is_local(place) for place in ("/srv", "/far/me", "/far/my tmp")] == [True, False, True]


def test_where_the_system_tells_nothing_places_count_as_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_mounts", dict)
    assert folders.is_local("/tmp")
