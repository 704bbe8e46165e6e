"""The runtime process: `python -m treadle_runtime.host FOLDER`, one per session, one thread, one poll loop.

Law: everything outside the scheduler happens here; nothing is decided here that the scheduler can decide, and
nothing is unpickled. One module per noun: `loop` (composition, time, the lease), `ears` (the poll), `lines` (connections
of clients), `clients`, `mail` (frames of workers), `crew` (workers), `death` (why one died), `values` (inline bytes,
failures), `output` (what tasks print), `feed` (who watches), `questions`, `sweep` (deleting files).

A turn of the loop: take in all frames and all ends of processes as events, `scheduler.handle(events)`, carry the
instructions out, send one message per peer, append the frames to the journal. The folder is described in
`wire.session`. Output of a task is posted before its end is reported; definitions before the tasks that need them.

The runtime ends by lease (its clients are watched by pidfd), by a client's `Bye(stop=True)`, by the question "stop"
or by SIGTERM. However it ends, its workers, sockets, folder, store and descriptor go with it.
"""
