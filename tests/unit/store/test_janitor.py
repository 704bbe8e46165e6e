"""What a crash left is removed; what may be anybody's is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from treadle_runtime.store import folders, janitor
from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import pack, unpack

HOST, BOOT = "here", "boot-1"


def left(parent: Path, name: str, **owner: Any) -> Path:
    """Return a folder as a runtime leaves it that was killed."""
    folder = parent / name
    folder.mkdir(mode=0o700)
    told = {"pid": 1234, "start_time": 5.0, "host": HOST, "boot_id": BOOT, **owner}
    (folder / "owner.json").write_text(json.dumps(told))
    Store(folder).write(7, pack(b"x" * 100_000))
    (folder / "logs").mkdir()
    (folder / "logs" / "1.out").write_text("last words")
    return folder


def sweep(parent: Path, alive: bool = False, grace_s: float = 0.0, **more: Any) -> list[Path]:
    return janitor.sweep(
        sorted(parent.iterdir()), is_alive=lambda *_: alive, host=HOST, boot_id=BOOT, grace_s=grace_s, **more
    )


def test_the_folder_of_a_dead_runtime_goes(tmp_path: Path) -> None:
    folder = left(tmp_path, "s-1")
    assert sweep(tmp_path, alive=True) == []
    assert sweep(tmp_path) == [folder]
    assert os.listdir(tmp_path) == []


def test_it_is_asked_about_the_process_that_owned_it(tmp_path: Path) -> None:
    left(tmp_path, "s-1", pid=77, start_time=9.5)
    asked: list[tuple[int, float]] = []
    janitor.sweep(
        tmp_path.iterdir(), is_alive=lambda *who: asked.append(who) or True, host=HOST, boot_id=BOOT, grace_s=0.0
    )
    assert asked == [(77, 9.5)]


def test_what_a_killed_process_left_goes_and_what_is_mapped_stays(tmp_path: Path) -> None:
    folder = left(tmp_path, "s-1")
    code = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        (folder / "owner.json").write_text(json.dumps({"pid": pid, "start_time": 0.0, "host": HOST, "boot_id": BOOT}))
        Store(folder).write(8, pack(bytearray(b"y") * (2 << 20)))
        mapped = Store(folder).open(8)
        child.kill()
        child.wait()
    gone = janitor.sweep(
        [folder], is_alive=lambda pid, _: os.path.exists(f"/proc/{pid}"), host=HOST, boot_id=BOOT, grace_s=0.0
    )
    assert gone == [folder]
    assert not folder.exists()
    assert unpack(mapped) == bytearray(b"y") * (2 << 20)


def test_other_hosts_and_what_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    left(tmp_path, "elsewhere", host="there")
    (left(tmp_path, "garbage") / "owner.json").write_text("{")
    (left(tmp_path, "odd") / "owner.json").write_text('{"pid": "1"}')
    (left(tmp_path, "huge") / "owner.json").write_text(" " * 100_000)
    (tmp_path / "file").write_text("no folder")
    target = left(tmp_path.parent, f"{tmp_path.name}-target")
    (tmp_path / "link").symlink_to(target)
    before = sorted(os.listdir(tmp_path))
    assert sweep(tmp_path) == []
    assert sorted(os.listdir(tmp_path)) == before
    assert (target / "logs" / "1.out").exists()


def test_an_owner_behind_a_link_is_not_believed(tmp_path: Path) -> None:
    folder = left(tmp_path, "s-1")
    (folder / "owner.json").rename(tmp_path.parent / f"{tmp_path.name}.json")
    (folder / "owner.json").symlink_to(tmp_path.parent / f"{tmp_path.name}.json")
    assert sweep(tmp_path) == []


def test_another_users_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(tmp_path, "s-1")
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert sweep(tmp_path) == []


@pytest.mark.parametrize(("kind", "goes"), [("ext4", True), ("tmpfs", True), ("nfs4", False)])
def test_an_earlier_boot_counts_only_where_no_other_machine_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, goes: bool
) -> None:
    folder = left(tmp_path, "s-1", boot_id="boot-0")
    monkeypatch.setattr(folders, "_mounts", lambda: {"/": kind})
    assert sweep(tmp_path, alive=True) == ([folder] if goes else [])


def test_what_was_touched_a_moment_ago_is_left_alone(tmp_path: Path) -> None:
    folder = left(tmp_path, "s-1")
    assert sweep(tmp_path, grace_s=60.0) == []
    assert folder.exists()


def test_a_folder_without_owner_is_one_that_is_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = left(tmp_path, "s-1")
    (folder / "owner.json").unlink()
    assert sweep(tmp_path) == []
    monkeypatch.setattr(janitor, "UNOWNED_S", 0.0)
    assert sweep(tmp_path) == [folder]


def test_a_runtime_that_takes_the_folder_over_meanwhile_keeps_it(tmp_path: Path) -> None:
    folder = left(tmp_path, "s-1")

    def dead_but_followed(*_: object) -> bool:
        (folder / "owner.json").write_text(json.dumps({"pid": 2, "start_time": 1.0, "host": HOST, "boot_id": BOOT}))
        return False

    assert janitor.sweep([folder], is_alive=dead_but_followed, host=HOST, boot_id=BOOT, grace_s=0.0) == []
    assert (folder / "logs" / "1.out").exists()


def test_what_a_janitor_left_that_died_itself_goes(tmp_path: Path) -> None:
    folder = left(tmp_path, "s-1.99.gone")
    (folder / "owner.json").unlink()
    assert sweep(tmp_path, alive=True) == [folder]


def test_one_sweep_is_bounded(tmp_path: Path) -> None:
    for number in range(5):
        left(tmp_path, f"s-{number}")
    assert len(sweep(tmp_path, limit=3)) == 3
    assert len(sweep(tmp_path, limit=3)) == 2
