"""The journal keeps frames as they came, and survives a death in the middle of a write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from treadle_runtime.record.journal import FULL, WORKER, Journal, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_frames_come_back_with_their_origin(path: Path) -> None:
    journal = Journal(path, 1, "epöch")
    journal.add(1, b"first")
    journal.add(WORKER | 3, b"")
    journal.write()
    journal.write()
    journal.add(2, b"x" * 100_000)
    journal.write()
    journal.close()
    journal.close()
    protocol, epoch, records = read(path)
    assert (protocol, epoch) == (1, "epöch")
    assert list(records) == [(1, b"first"), (WORKER | 3, b""), (2, b"x" * 100_000)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_not_written_is_not_there_and_the_rest_is(path: Path) -> None:
    journal = Journal(path, 1, "e")
    journal.add(1, b"whole")
    journal.write()
    journal.add(1, b"never written")
    journal.close()
    data = path.read_bytes()
    for cut in range(1, 5):
        path.write_bytes(data[:-cut])
        assert list(read(path)[2]) == []
    path.write_bytes(data + b"\x05\0\0")
    assert list(read(path)[2]) == [(1, b"whole")]


def test_a_full_journal_says_so_and_grows_no_more(path: Path) -> None:
    journal = Journal(path, 1, "e", limit=1000)
    for _ in range(10):
        journal.add(1, b"x" * 300)
        journal.write()
    assert path.stat().st_size < 1100
    records = list(read(path)[2])
    assert records[-1] == (0, FULL)
    assert len(records) == 4


def test_a_write_that_fails_is_remembered(path: Path) -> None:
    journal = Journal(path, 1, "e")
    os.close(journal._descriptor)
    journal._descriptor = os.open(path, os.O_RDONLY)
    for _ in range(2):
        journal.add(1, b"x")
        journal.write()
    assert journal.failure is not None
    assert list(read(path)[2]) == []


def test_other_files_are_no_journals(path: Path) -> None:
    for data in (b"", b"TRADLEJ", b"something else that is long enough"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="no journal"):
            read(path)
