"""`progress`: a task says how far it is.

Law: one call, cheap enough for inner loops; what becomes of it is the business of where the task runs.
"""

from __future__ import annotations

from ..worker.progress import report


def progress(done: float, total: float | None = None, text: str = "") -> None:
    """Say how far the running task is: its node, its row and the line of its cell show it.

    Parameters
    ----------
    done : float
        What is done, in units of your own.
    total : float, optional
        What there is to do; without it only the text is shown.
    text : str
        A few words, such as "epoch 3" (at most 239 bytes are kept).

    Notes
    -----
    Any thread of the task, about 1 us: say it as often as you like, the views look a few times a second. Bars of tqdm say
    it by themselves. Outside of tasks nothing happens. Never blocks.

    Examples
    --------
    >>> import treadle
    >>> @treadle.task
    ... def train(epochs):
    ...     for epoch in range(epochs):
    ...         treadle.progress(epoch, epochs, f"epoch {epoch}")
    ...     return epochs
    >>> with treadle.start(engine="inline"):
    ...     treadle.wait_on(train(3))
    3
    """
    report(done, total, text)
