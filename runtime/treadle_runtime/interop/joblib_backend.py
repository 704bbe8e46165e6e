"""joblib's backend: `joblib.parallel_config("treadle")` runs scikit-learn and the like on Treadle's workers.

Law: knows joblib's interface and the api. Imported when joblib asks for it (`joblib_hook`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .. import place
from ..api.cancelling import cancel
from ..api.session import current
from ..api.task import Task, task
from ..client.futures import Future


def backend(**options: Any) -> Any:
    """Return a backend; the class is made late since its bases are joblib's."""
    from joblib.parallel import AutoBatchingMixin, FallbackToBackend, ParallelBackendBase, SequentialBackend

    class TreadleBackend(AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
        supports_retrieve_callback = True
        supports_inner_max_num_threads = False
        default_n_jobs = -1

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self._tasks = _Batches()

        def effective_n_jobs(self, n_jobs: int | None) -> int:
            if n_jobs == 0:
                raise ValueError("n_jobs == 0 in Parallel has no meaning")
            if place.inside_task():
                return 1
            workers = current().plan.workers
            if n_jobs is None:
                return workers
            return int(n_jobs) if n_jobs > 0 else max(1, workers + 1 + n_jobs)

        def configure(self, n_jobs: int = 1, parallel: Any = None, **_options: Any) -> int:
            if place.inside_task():
                raise FallbackToBackend(SequentialBackend(nesting_level=self.nesting_level))
            self.parallel = parallel
            return self.effective_n_jobs(n_jobs)

        def submit(self, func: Any, callback: Callable[[Any], object] | None = None) -> Future[Any]:
            future = self._tasks.submit(func)
            if callback is not None:
                future.add_done_callback(callback)
            return future

        def retrieve_result_callback(self, out: Future[Any]) -> Any:
            return out.result()

        def abort_everything(self, ensure_ready: bool = True) -> None:  # noqa: ARG002 - workers stay in any case
            self._tasks.cancel()

        def terminate(self) -> None:
            self._tasks.cancel()
            self.reset_batch_stats()

        def get_nested_backend(self) -> tuple[Any, None]:
            level = (self.nesting_level or 0) + 1
            return SequentialBackend(nesting_level=level), None

    return TreadleBackend(**options)


class _Batches:
    """Batches of joblib as tasks: their items are arguments, so that an array in many calls travels once."""

    def __init__(self) -> None:
        self._task: Task[..., Any] = task(name="{what}", check=False)(_run_batch)  # joblib: what is changed there stays there
        self._open: set[Future[Any]] = set()

    def submit(self, batch: Any) -> Future[Any]:
        items, batch.items = batch.items, []
        try:
            future = self._task(items, batch, _what(items))
        finally:
            batch.items = items
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        return future

    def cancel(self) -> None:
        if left := [future for future in list(self._open) if not future.done()]:
            cancel(left)


def _run_batch(items: list[Any], batch: Any, what: str) -> Any:  # noqa: ARG001 - `what` is for the name
    batch = copy.copy(batch)  # an argument, which a task does not change
    batch.items = items
    return batch()


def _what(items: list[Any]) -> str:
    """What the view calls a batch: the function, and how often."""
    function = items[0][0] if items else None
    while (inner := getattr(function, "function", None)) is not None:  # scikit-learn wraps what it sends
        function = inner
    name = getattr(function, "__name__", type(function).__name__)
    return name if len(items) == 1 else f"{name} x{len(items)}"
