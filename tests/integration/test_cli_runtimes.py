"""`treadle ps` and `treadle stop` with a runtime that really lives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle_runtime.cli.main import main
from treadle_runtime.client.attach import list_runtimes, start_runtime
from treadle_runtime.client.connection import Connection
from treadle_runtime.wire.session import RuntimeOptions


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A runtime of a notebook called `lab`, with one worker."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    options = RuntimeOptions(workers=1, name="lab", script=False, keep_alive_s=60.0, memory=16 << 20)
    connection = start_runtime(options, lambda _: None)
    try:
        yield connection
    finally:
        connection.close()
        main(["stop", "--all"])


def test_ps_lists_it_and_stop_ends_it(runtime: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    assert runtime.welcome is not None
    assert main(["ps"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "PID", "WORKERS", "CLIENTS", "UP", "OF"]
    [found] = list_runtimes()
    assert line.split()[:4] == ["lab", str(found.owner.pid), "1", "1"]

    assert main(["stop", "other"]) == 1
    assert "No runtime is called 'other'. These live: lab" in capsys.readouterr().out

    assert main(["stop", "lab"]) == 0
    assert capsys.readouterr().out == "lab has ended\n"
    assert not found.owner.is_alive()
    assert not Path(found.folder).exists()


def test_with_nothing_alive_ps_and_stop_all_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    assert main(["ps"]) == 0
    assert main(["stop", "--all"]) == 0
    assert capsys.readouterr().out == "No runtime lives on this machine.\n" * 2
