"""Tokens and private files."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle_runtime.errors import EngineError
from treadle_runtime.wire.auth import make_token, read_token, same_token, write_private


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


def test_a_token_is_private_and_fresh(private: Path) -> None:
    one = make_token(private / "token")
    assert read_token(private / "token") == one
    assert (private / "token").stat().st_mode & 0o777 == 0o600
    assert make_token(private / "token") != one
    assert [path.name for path in private.iterdir()] == ["token"]


@pytest.mark.parametrize("loose", ["folder", "file"])
def test_a_token_others_could_have_read_is_not_trusted(private: Path, loose: str) -> None:
    make_token(private / "token")
    (private if loose == "folder" else private / "token").chmod(0o755 if loose == "folder" else 0o644)
    with pytest.raises(EngineError, match="not private"):
        read_token(private / "token")


def test_a_token_behind_a_link_is_not_trusted(private: Path) -> None:
    make_token(private / "real")
    (private / "token").symlink_to(private / "real")
    with pytest.raises(EngineError, match="not private"):
        read_token(private / "token")


def test_tokens_are_compared_as_bytes() -> None:
    assert same_token("abc", "abc")
    assert not same_token("abc", "abd")
    assert not same_token("abc", "ä")


def test_a_file_is_there_whole_or_not_at_all(private: Path) -> None:
    write_private(private / "a", b"first")
    write_private(private / "a", b"second")
    assert (private / "a").read_bytes() == b"second"
    with pytest.raises(OSError, match="missing"):
        write_private(private / "missing" / "a", b"")
