"""What `%config Treadle`, ipython_config.py and `--Treadle.workers=3` say about the options of `start`.

Law: holds values under their names; what they mean and whether they make sense is for `treadle_runtime.config`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

from traitlets import Any as AnyTrait
from traitlets import TraitError, validate
from traitlets.config import Configurable

from treadle_runtime.api import peek
from treadle_runtime.config import Options
from treadle_runtime.errors import UsageError

NAMES: Final = tuple(option.name for option in fields(Options))
_HELP: Final = {
    "workers": "Worker processes; by default the CPUs that may be used.",
    "threads": "Threads of each worker; by default workers x threads = CPUs.",
    "memory": 'Limit of the store: bytes, "4GB" or "50%".',
    "keep_alive": 'How long the runtime lives on without a client: seconds or "30m".',
    "seed": "Seeds random numbers in every task.",
    "engine": '"local", or "inline" to run every task in the caller.',
}


class _Options(Configurable):
    """The options as traits; `Treadle`, below, has one for each."""

    def __init__(self, tell: Callable[[str, str], None], **kwargs: Any) -> None:
        self._tell: Callable[[str, str], None] | None = None  # what a file says wrong is told at the start
        super().__init__(**kwargs)
        self._tell = tell

    def given(self) -> dict[str, Any]:
        """Return the options that were set."""
        return {name: value for name in NAMES if (value := getattr(self, name)) is not None}

    @validate(*NAMES)
    def _check(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        if self._tell is not None and value is not None:
            try:
                Options.from_environment({}, {name: value})
            except UsageError as error:
                raise TraitError(str(error)) from None
            if peek() is not None:
                now = f"treadle.start({name}={value!r}) changes the one that runs"
                self._tell("info", f"c.Treadle.{name}={value!r} counts from the next start; {now}.")
        return value


def _trait(name: str) -> Any:
    return AnyTrait(None, allow_none=True, help=_HELP.get(name, f"As `start({name}=)`.")).tag(config=True)


Treadle: Final[type[_Options]] = type(
    "Treadle",
    (_Options,),
    {
        "__doc__": "Options of Treadle's runtime; an argument of `start` wins over these, these over TREADLE_* variables.",
        **{name: _trait(name) for name in NAMES},
    },
)


def configure(shell: Any, tell: Callable[[str, str], None]) -> tuple[_Options, Callable[[], None]]:
    """Register the options with a shell; returns them, and what takes them away."""
    options = Treadle(tell, parent=shell)
    shell.configurables.append(options)

    def remove() -> None:
        if options in shell.configurables:
            shell.configurables.remove(options)

    return options, remove
