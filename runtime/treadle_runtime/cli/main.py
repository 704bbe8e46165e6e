"""The words of the command line and which function answers them.

Law: parses, dispatches, turns errors into one line and an exit code. Imports a command's module only when it is asked for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import TreadleError

INTERRUPTED = 130  # what shells give for Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command `treadle` and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.

    Examples
    --------
    >>> main(["ps"])  # doctest: +SKIP
    0
    """
    options = _parser().parse_args(arguments)
    try:
        return _answer(options)
    except TreadleError as error:
        print(f"treadle: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("treadle: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="treadle", description="Sequential Python code that runs in parallel, live in the notebook."
    )
    parser.add_argument("--version", action="version", version=f"treadle {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run a script or a notebook; exit code 1 if a task failed and nobody looked")
    run.add_argument("--workers", help="worker processes (default: the CPUs you may use)")
    run.add_argument("--threads", help="threads of each worker")
    run.add_argument("--memory", help='limit of the store, such as "4GB" or "50%%"')
    run.add_argument("--seed", help="seed the random numbers of every task")
    run.add_argument("--engine", help='"local", or "inline" to run every task in the script itself')
    run.add_argument("script", help="the Python file or the notebook (.ipynb)")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script gets as sys.argv[1:]; of a notebook: --output FILE")

    commands.add_parser("ps", help="list the runtimes that live on this machine")

    stop = commands.add_parser("stop", help="end a runtime and everything it runs")
    which = stop.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", metavar="NAME", help="as `treadle ps` names it")
    which.add_argument("--all", action="store_true", help="every runtime of yours on this machine")

    tour = commands.add_parser("tour", help="unpack the demo notebooks and their data")
    tour.add_argument("folder", nargs="?", default="treadle-tour", help="where to (default: treadle-tour)")
    return parser


def _answer(options: argparse.Namespace) -> int:
    if options.command == "run":
        from .run import run_script

        names = ("workers", "threads", "memory", "seed", "engine")
        return run_script(options.script, options.arguments, {name: getattr(options, name) for name in names})
    if options.command == "ps":
        from .runtimes import show

        return show()
    if options.command == "stop":
        from .runtimes import stop, stop_all

        return stop_all() if options.all else stop(options.name)
    from .tour import unpack

    return unpack(options.folder)
