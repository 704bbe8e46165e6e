"""Kernels that hear every cell, however fast they come (ipykernel 7.0 to 7.3 do not without Treadle)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from treadle.shell.wedge import keep_listening


@pytest.mark.long
def test_a_thousand_short_cells(notebook):
    notebook.ok("%load_ext treadle")
    for _ in range(1000):
        notebook.ok("x = 1")  # sent when the one before is idle, while its reply is still on its way


def test_only_what_sends_past_its_stream_is_changed():
    socket = object()
    manager = SimpleNamespace(_shell_socket=socket)
    kernel = SimpleNamespace(
        shell_channel_thread=SimpleNamespace(_manager=manager), shell_stream=SimpleNamespace(socket=socket)
    )
    assert keep_listening(kernel) is True
    assert manager._shell_socket is kernel.shell_stream
    assert keep_listening(kernel) is False  # once is enough
    manager._shell_socket = object()  # another socket than that of the stream
    assert keep_listening(kernel) is False
    assert keep_listening(SimpleNamespace()) is False  # ipykernel 6
