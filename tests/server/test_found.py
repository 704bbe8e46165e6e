"""Which descriptors count: plain private files of this user, of runtimes that live on this machine."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from treadle.server import line
from treadle.server.found import find, find_all, row
from treadle_runtime.errors import EngineError
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.auth import make_token
from treadle_runtime.wire.session import Descriptor, Notebook, Owner, Session, publish
from treadle_runtime.wire.stream import listen


def described(folder: str = "/none", **changes: Any) -> Descriptor:
    values: dict[str, Any] = {"environment": ("0.0.9", "3.11.2", "/env"), **changes}
    return Descriptor(
        values.pop("name", "own"),
        folder,
        "/none",
        "0e0e",
        m.PROTOCOL,
        1.0,
        2,
        False,
        Owner.myself(),
        **values,
    )


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return lambda **changes: publish(described(**changes))


def names() -> list[str]:
    return [each.name for each in find_all()]


def test_a_living_runtime_is_found_by_name_and_epoch(written: Callable[..., Path]) -> None:
    written()
    assert names() == ["own"]
    assert find("own") == find("0e0e") == described()
    assert find("other") is None


def test_a_file_of_another_user_does_not_count(
    written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    written()
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert names() == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o666])
def test_a_file_that_lets_others_in_does_not_count(written: Callable[..., Path], mode: int) -> None:
    written().chmod(mode)
    assert names() == []


def test_links_pipes_folders_and_garbage_do_not_count(written: Callable[..., Path], tmp_path: Path) -> None:
    real = written()
    real.rename(tmp_path / "elsewhere")
    real.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "treadle-pipe.json", 0o600)
    (tmp_path / "treadle-folder.json").mkdir(mode=0o700)
    for name, data in (("cut", b'{"name": "own"'), ("other", b"[]"), ("bytes", b"\xff\xfe")):
        path = tmp_path / f"treadle-{name}.json"
        path.write_bytes(data)
        path.chmod(0o600)
    assert names() == []


@pytest.mark.usefixtures("written")
def test_runtimes_that_died_or_live_elsewhere_do_not_count() -> None:
    own = Owner.myself()
    for name, owner in (
        ("dead", replace(own, start_time=own.start_time - 1000)),
        ("there", replace(own, host="elsewhere")),
        ("before", replace(own, boot_id="another")),
    ):
        publish(replace(described(name=name), owner=owner))
    assert names() == []


def test_a_row_names_kernels_and_notebooks() -> None:
    notebook = Notebook("/run/kernel-4c5d.json", "work/heat.ipynb", "1:2", True)
    told = row(described(notebooks=(notebook, replace(notebook, kernel="/run/other.json", present=False))))
    assert (told["title"], told["kernels"], told["notebooks"]) == (
        "heat.ipynb",
        ["4c5d"],
        ["work/heat.ipynb"],
    )
    assert (told["present"], told["version"]) == (True, "0.0.9")
    renamed = row(described(notebooks=(notebook,)), {"4c5d": "work/cold.ipynb", "other": "x.ipynb"})
    assert (renamed["title"], renamed["notebooks"]) == ("cold.ipynb", ["work/cold.ipynb"])
    assert "hint" not in told
    old = row(replace(described(named=True), protocol=2))
    assert old["title"] == "own"
    assert "`pip install --upgrade treadle` in the kernel's environment" in old["hint"]


@pytest.fixture
def private() -> Iterator[Session]:
    """A session's folder with a token in it and a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:  # 0700
        make_token(Path(folder) / "token")
        yield Session(folder)


def said_to(session: Session) -> tuple[str, bytes]:
    """Connect as the server does; return why that failed, and what the listener at the other end was told."""
    with listen(session.clients) as listener:
        with pytest.raises(EngineError) as refused:
            asyncio.run(line.connect(described(str(session.folder))))
        connected, _ = listener.accept()
        with connected:
            connected.settimeout(5)
            return refused.value.message, connected.recv(1000)


def test_a_socket_of_another_user_is_not_shown_the_token(private: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "peer_uid", lambda _: os.getuid() + 1)
    assert said_to(private) == ("The runtime's socket belongs to another user.", b"")


def test_a_folder_that_lets_others_in_is_not_trusted(private: Session) -> None:
    private.folder.chmod(0o755)
    with listen(private.clients), pytest.raises(EngineError, match="not private to you"):
        asyncio.run(line.connect(described(str(private.folder))))


def test_a_socket_of_this_user_is_shown_the_token(private: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "GREETING_S", 0.05)
    why, said = said_to(private)
    assert why == "The runtime does not answer."
    assert private.token().encode() in said
