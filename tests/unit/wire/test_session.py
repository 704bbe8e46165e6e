"""Folders of sessions, descriptors, and what becomes of those of the dead."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from treadle_runtime.errors import EngineError, StoreFull
from treadle_runtime.wire import session as s
from treadle_runtime.wire.auth import write_private
from treadle_runtime.wire.bell import Bell
from treadle_runtime.wire.session import Descriptor, Owner, RuntimeOptions, Session


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(s, "PATH_LIMIT", 1000)  # pytest's folders are long
    return tmp_path


def descriptor(owner: Owner, folder: Path, store: Path, name: str = "x") -> Descriptor:
    return Descriptor(name, str(folder), str(store), "epoch", 1, 0.0, 2, True, owner)


DEAD = Owner(2**22 + 1, 1.0, Owner.myself().host, Owner.myself().boot_id)


def test_a_session_is_private_and_remembers_its_options(places: Path) -> None:
    options = RuntimeOptions(workers=3, seed=7, preload=("json",))
    session = Session.create(options)
    assert session.folder.parent == places / "treadle"
    assert session.options() == options
    assert session.folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in session.folder.rglob("*"))
    assert Session.create(options).token() != session.token()


def test_the_owner_is_a_process() -> None:
    session = Session.create(RuntimeOptions())
    assert session.owner() is None
    owner = session.own()
    assert session.owner() == owner
    assert owner.pid == os.getpid()
    assert owner.is_here()
    assert owner.is_alive()


def test_a_refusal_keeps_its_class() -> None:
    session = Session.create(RuntimeOptions())
    assert session.refusal() is None
    session.refuse(StoreFull("no room at all"))
    found = session.refusal()
    assert isinstance(found, StoreFull)
    assert "no room" in str(found)


def test_descriptors_come_and_go(places: Path) -> None:
    path = s.publish(descriptor(Owner.myself(), places / "a", places / "b"))
    assert path.stat().st_mode & 0o777 == 0o600
    (path.parent / "treadle-broken.json").write_text("{")
    assert [found.name for _, found in s.published()] == ["x"]
    s.bury_dead()
    assert path.exists()


def test_what_the_dead_left_is_removed_but_never_anothers() -> None:
    mine, theirs = Session.create(RuntimeOptions()), Session.create(RuntimeOptions())
    dead = s.publish(descriptor(DEAD, mine.folder, theirs.folder))
    write_private(mine.folder / "owner.json", msgspec.json.encode(DEAD))
    theirs.own()  # the folder has a new owner by now
    elsewhere = s.publish(
        descriptor(Owner(1, 1.0, "another-host", "boot"), theirs.folder, theirs.folder, "elsewhere")
    )
    s.bury_dead()
    assert not dead.exists()
    assert not mine.folder.exists()
    assert theirs.folder.exists()
    assert elsewhere.exists()


def test_a_place_that_others_prepared_is_passed_over(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (places / "treadle").mkdir(mode=0o777)
    (places / "treadle").chmod(0o777)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(places / "tmp"))
    (places / "tmp").mkdir()
    assert Session.create(RuntimeOptions()).folder.parent.parent == places / "tmp"


def test_paths_too_long_for_sockets_are_an_error_that_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s, "PATH_LIMIT", 10)
    with pytest.raises(EngineError, match="too long"):
        Session.create(RuntimeOptions())


@pytest.mark.parametrize("eventfd", [True, False])
def test_a_bell_rings_until_it_is_hushed(eventfd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not eventfd:
        monkeypatch.delattr(os, "eventfd")
    import select

    bell = Bell()
    for _ in range(3):
        bell.ring()
    assert select.select([bell.fileno()], [], [], 5)[0]
    bell.hush()
    bell.hush()
    assert not select.select([bell.fileno()], [], [], 0)[0]
    bell.close()
    bell.ring()  # too late: nothing happens
