"""The life of versions: handles, publication, delivery, and being dropped when nobody can reach them.

Law: knows who needs a version (pins, readers, recipes), never why a task runs or where the next one goes.

A version's bytes live while it has pins or readers; an INLINE or FILE one also while it has recipes. A HELD one
that has only recipes left loses its bytes, but can be made again: its maker keeps its own reads (its lineage).
"""

from __future__ import annotations

from typing import Final

from .books import Books
from .facts import DATUM
from .model import INLINE_LIMIT, Kind, Vid
from .records import Client, Task, Version
from .states import TASK_FINAL, DatumState

PENDING: Final = DatumState.PENDING
READY: Final = DatumState.READY
BROKEN: Final = DatumState.BROKEN
DROPPED: Final = DatumState.DROPPED
HELD: Final = Kind.HELD
NONE: Final = Kind.NONE


def become(books: Books, version: Version, state: str) -> None:
    """Change a version's state; said aloud for big and for broken ones only."""
    if version.nbytes > INLINE_LIMIT or state == BROKEN or version.state == BROKEN:
        books.facts.append((DATUM, version.vid, state, version.nbytes, books.now))
    version.state = state


def take_handle(client: Client, version: Version) -> None:
    """A client holds (one more) handle on a version."""
    handles = client.handles
    count = handles.get(version.vid, 0)
    if not count:
        version.pins += 1
    handles[version.vid] = count + 1


def drop_handles(books: Books, client: Client, vids: list[Vid]) -> None:
    """A client gives handles back."""
    handles = client.handles
    versions = books.versions
    for vid in vids:
        count = handles.pop(vid, 0)
        if count > 1:
            handles[vid] = count - 1
        elif count:
            version = versions.get(vid)
            if version is not None:
                version.pins -= 1
                if not version.pins and not version.readers:
                    release(books, version)


def release(books: Books, version: Version) -> None:
    """Drop a version if nobody needs it, and then all that was kept for its sake alone."""
    if (
        version.extra is None and version.state == READY and version.kind is not HELD
    ):  # the usual end, in short
        if version.pins or version.readers or version.recipes:
            return
        vid = version.vid
        books.drops.append(vid)
        if version.nbytes > INLINE_LIMIT:
            become(books, version, DROPPED)
        else:
            version.state = DROPPED
        version.kind = NONE
        del books.versions[vid]
        maker = version.maker
        if maker is not None:
            version.maker = None
            maker.open -= 1
            if not maker.open and not maker.unsettled and maker.state in TASK_FINAL:
                for read in _part_with(books, maker):
                    release(books, read)
                books.retire(maker)
        return
    loose = [version]
    while loose:
        version = loose.pop()
        if not version.pins and not version.readers:
            _release(books, version, loose)


def _release(books: Books, version: Version, loose: list[Version]) -> None:
    """Drop a version without pins or readers; what may follow it goes to `loose`."""
    state = version.state
    held = version.kind is HELD
    if state == PENDING:
        return  # decided when its maker ends
    if state == DROPPED:
        if version.recipes or version.maker is None:
            return
        held = True  # only what was held is dropped while it has recipes
    elif state == READY:
        if held:
            _free_held(books, version)
            if version.recipes:
                become(books, version, DROPPED)
                del books.versions[version.vid]
                version.kind = NONE
                refuse(books, version)
                return
        elif version.recipes:
            return
        else:
            books.drops.append(version.vid)
    _vanish(books, version, held, loose)


def _vanish(books: Books, version: Version, remakable: bool, loose: list[Version]) -> None:
    """The end of a version; puts into `loose` what may follow it."""
    if version.state != DROPPED:
        become(books, version, DROPPED)
        del books.versions[version.vid]
    version.kind = NONE
    extra = version.extra
    if extra is not None:
        refuse(books, version)
    maker = version.maker
    if maker is None:
        return
    version.maker = None
    maker.open -= 1
    if remakable and maker.unsettled:
        maker.unsettled -= 1
        if not maker.unsettled:
            loose.extend(_let_go(books, maker))
    if not maker.open and not maker.unsettled and maker.state in TASK_FINAL:
        loose.extend(_part_with(books, maker))
        books.retire(maker)


def _part_with(books: Books, task: Task) -> tuple[Version, ...]:
    """A task that did not end well can no longer be retried: give its reads back (returned to be looked at)."""
    if task.rare is None or not task.rare.kept:
        return ()
    task.rare.kept = False
    reads = tuple(dict.fromkeys(task.reads))
    for version in reads:
        version.pins -= 1
    task.reads = ()
    del books.recorded[task.number]
    books.forgets.append(task.number)
    return reads


def _let_go(books: Books, task: Task) -> tuple[Version, ...]:
    """A done task will never run again: give its reads back (returned to be looked at) and forget its payload."""
    reads = tuple(dict.fromkeys(task.reads))
    for version in reads:
        version.recipes -= 1
    task.reads = ()
    books.forgets.append(task.number)
    return reads


def _free_held(books: Books, version: Version) -> None:
    worker = version.holder
    if worker is None:
        return
    del worker.held[version.vid]
    version.holder = None
    if version.extra is not None:
        version.extra.publishing = False
    if not worker.gone:
        worker.drops.append(version.vid)
        books.touch(worker)


def refuse(books: Books, version: Version) -> None:
    """Whoever wanted this version can't have it any more."""
    extra = version.extra
    if extra is not None and extra.wanted:
        for client in extra.wanted.values():
            books.deliver(client, version.vid, NONE)
        extra.wanted.clear()


def settle(books: Books, version: Version) -> None:
    """A held version is now in the store: its maker need not make it again."""
    maker = version.maker
    if maker is not None and maker.unsettled:
        maker.unsettled -= 1
        if not maker.unsettled:
            for read in _let_go(books, maker):
                release(books, read)


def publish(books: Books, version: Version) -> None:
    """Ask the worker that holds a version to write it to the store, once."""
    extra = version.extras()
    worker = version.holder
    if worker is not None and not extra.publishing:
        extra.publishing = True
        worker.publishes.append(version.vid)
        books.touch(worker)


def want(books: Books, client: Client, vid: Vid) -> None:
    """A client wants a value: now, when it has been published, or when it has been made."""
    version = books.versions.get(vid)
    if version is None or version.state == BROKEN:
        books.deliver(client, vid, NONE)
    elif version.state == READY and version.kind is not HELD:
        books.deliver(client, vid, version.kind)
    else:
        version.extras().wanted[client.cid] = client
        if version.state == READY:
            publish(books, version)


def serve(books: Books, version: Version) -> None:
    """A version has become ready: give it to those who wanted it."""
    extra = version.extra
    if extra is None or not extra.wanted:
        return
    if version.kind is HELD:
        publish(books, version)
        return
    for client in extra.wanted.values():
        books.deliver(client, version.vid, version.kind)
    extra.wanted.clear()
