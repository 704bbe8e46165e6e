"""The control thread: cancels, takes queued work back, publishes, and ends the worker when its runtime has gone.

Law: owns the control socket; touches the main thread's things only through `Loop.handle` and `Loop.tend`. It must
answer while user code computes, hence a thread of its own; it can't while C code holds the interpreter's lock.
"""

from __future__ import annotations

import os
import threading
import traceback
from typing import Final

import zmq

from ..wire.codec import encode, to_worker
from ..wire.messages import Sample
from ..wire.process import ASK_EVERY_S, Watch
from .loop import Loop
from .mail import RuntimeGone
from .sampling import EVERY_S, Sampler

BUSY_TICK_S: Final = 0.025
IDLE_TICK_S: Final = 0.25
GONE: Final = 3
"""Exit code of a worker whose runtime has gone."""
BROKEN: Final = 70
"""Exit code of a worker whose control thread met a bug; its log has the traceback."""


class Control(threading.Thread):
    """Serves the control socket until the context is terminated."""

    def __init__(self, socket: zmq.Socket[bytes], loop: Loop, parent: int) -> None:
        super().__init__(name="treadle-control", daemon=True)
        self._socket = socket
        self._loop = loop
        self._watch = Watch()
        if not self._watch.add("runtime", parent):
            os._exit(GONE)

    def run(self) -> None:
        """Serve; see the class."""
        try:
            self._serve()
        except zmq.ContextTerminated:
            self._socket.close(linger=0)
            self._watch.close()
        except RuntimeGone:
            os._exit(GONE)
        except BaseException:  # noqa: BLE001 - a deaf worker would be worse than a dead one
            traceback.print_exc()
            os._exit(BROKEN)

    def _serve(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        descriptor = self._watch.fileno()
        if descriptor is not None:
            poller.register(descriptor, zmq.POLLIN)
        tick_s = BUSY_TICK_S
        sampler: Sampler | None = None
        while True:
            wait_s = tick_s if descriptor is not None else min(tick_s, ASK_EVERY_S)
            events = dict(poller.poll(int(wait_s * 1000)))
            if (descriptor is None or descriptor in events) and self._watch.ended():
                os._exit(GONE)
            if self._socket in events:
                for frame in self._socket.recv_multipart():
                    message = to_worker(frame)
                    if isinstance(message, Sample):
                        sampler = _sampler(message, sampler, self._loop)
                        continue
                    answer = self._loop.handle(message)
                    if answer is not None:
                        self._socket.send(encode(answer))
            tick_s = BUSY_TICK_S if self._loop.tend() else IDLE_TICK_S
            if sampler is not None:
                tick_s = EVERY_S
                if not sampler.take():
                    sampler = None


def _sampler(message: Sample, now: Sampler | None, loop: Loop) -> Sampler | None:
    """Return what looks from now on."""
    if not message.seconds:
        return None if now is not None and now.number == message.number else now
    if now is not None and now.number == message.number:
        return now
    return Sampler(message.number, message.seconds, message.path, loop.runs)
