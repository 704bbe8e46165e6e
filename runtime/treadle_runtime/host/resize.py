"""What a running runtime can be told to become: more or fewer workers, other threads, a larger store, a longer lease.

Law: knows the parts that each number belongs to; who leaves when is the scheduler's matter.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .loop import Host


def resize(host: Host, workers: int, threads: int, memory: int, keep_alive_s: float | None) -> bool:
    """Take over these numbers; never waits."""
    if host.ending:
        raise ValueError("the runtime is about to end")
    before = host.options
    lease = before.keep_alive_s if keep_alive_s is None else keep_alive_s
    host.options = replace(
        before,
        workers=workers,
        threads=threads,
        memory=memory,
        keep_alive_s=lease,
        script=before.script and keep_alive_s is None,
    )
    host.engine.set_threads(threads)
    host.crew.resize(host.rest.resize(workers), threads != before.threads, time.monotonic(), host.wishes)
    if workers != before.workers:
        print(f"resized from {before.workers} to {workers} workers with {threads} threads", flush=True)
        host.publish()
        for client in host.clients.present:
            host.clients.tell(client, host.welcome(client))
    return True


def detach(host: Host, on: bool) -> bool:
    """Have the runtime do all it has to do when its last client has gone, or not."""
    host.options = replace(host.options, detach=on, script=host.options.script and not on)
    return True
