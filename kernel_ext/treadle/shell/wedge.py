"""A fault of ipykernel 7.0 to 7.3 that makes a kernel deaf, kept from those who load Treadle.

Law: looks at one object of ipykernel by what it has, not by its version; exchanges one attribute or does nothing.

Those versions read requests with a ZMQStream, but send replies past it, on the same socket. A send takes away the
socket's edge-triggered signal of a request that came meanwhile, and the stream never hears of it: the kernel is idle for ever,
and no later message wakes it. Runners and keen typists send such requests (docs/platforms.md shows one). ipykernel 7.4
sends through the stream, which looks for requests after each send; here its older manager is given the stream as its socket.
"""

from __future__ import annotations

from typing import Any


def keep_listening(kernel: Any) -> bool:
    """Have replies of a kernel sent through the stream that reads its requests; True if they were not."""
    thread = getattr(kernel, "shell_channel_thread", None)
    manager = getattr(thread, "_manager", None)
    stream = getattr(kernel, "shell_stream", None)
    socket = getattr(manager, "_shell_socket", None)
    if socket is None or getattr(stream, "socket", None) is not socket:
        return False
    manager._shell_socket = stream  # type: ignore[union-attr]
    return True
