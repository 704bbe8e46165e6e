"""`treadle run script.py`: a script as Python would run it, with options, and an exit code that knows of failed tasks.

Law: sets the stage (`__main__`, `sys.argv`, `sys.path`, `TREADLE_*`), runs, looks at what is left. Knows no scheduler.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
import types
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..config import Options
from ..errors import UsageError

OWN_FRAMES = 1  # of a traceback out of the script: the line here that executes it


def run_script(script: str, arguments: Sequence[str], options: Mapping[str, str | None]) -> int:
    """Run a script as `__main__`, or a notebook in a kernel, and return its exit code.

    Parameters
    ----------
    script : str
        Path of a Python file or of a notebook.
    arguments : sequence of str
        What it gets as `sys.argv[1:]`.
    options : mapping of str to (str or None)
        Options of `start` as texts; None leaves the environment's.

    Raises
    ------
    UsageError
        There is no such script, or an option makes no sense.
    """
    for name, value in options.items():
        if value is not None:
            os.environ[f"TREADLE_{name.upper()}"] = value
    path = Path(script)
    if path.suffix.lower() == ".ipynb":  # a program of its own: nothing below the notebook's face knows of Jupyter
        return _call([sys.executable, "-m", "treadle.notebook_run", script, *arguments])
    if any(value is not None for value in options.values()):
        Options.from_environment()  # a word that is wrong is said before the script has done anything
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{script} cannot be read ({error.strerror}): give the path of a Python file") from error
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    sys.modules["__main__"] = module
    sys.argv = [script, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = str(path.resolve().parent)
    try:
        exec(compile(source, str(path), "exec"), vars(module))  # noqa: S102 - running the script is the command
    except SystemExit as leaving:  # `sys.exit(main())` is how many scripts end
        code, failed = _code(leaving.code), _end(failed=False)
        return code or (1 if failed else 0)
    except KeyboardInterrupt:
        _end(failed=True)
        raise
    except Exception as error:  # noqa: BLE001 - whatever the script raises ends it, as in Python
        frames = error.__traceback__
        for _ in range(OWN_FRAMES):
            frames = frames.tb_next if frames is not None else None
        traceback.print_exception(error.with_traceback(frames))
        _end(failed=True)
        return 1
    return 1 if _end(failed=False) else 0


def _call(words: Sequence[str]) -> int:
    """Run a program and return its exit code; Ctrl-C reaches it as well, and how it ends is its own affair."""
    with subprocess.Popen(words) as program:
        while True:
            try:
                return program.wait()
            except KeyboardInterrupt:
                continue


def _end(failed: bool) -> int:
    """Stop the runtime that the script has left, if any; return how many failed tasks nobody has looked at."""
    if "treadle_runtime.api.session" not in sys.modules:
        return 0  # the script never came near it
    from ..api import leaving, session

    if (left := session.peek()) is not None:
        leaving.end_script(left, failed)
    return session.unseen


def _code(code: object) -> int:
    """The exit code of `sys.exit(code)`, as Python gives it."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1
