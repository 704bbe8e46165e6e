"""Cells as tasks in IPython without a kernel: text instead of displays, and Ctrl-C at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

CELLS = r"""
import os, signal, sys, threading, time
from IPython.terminal.interactiveshell import TerminalInteractiveShell

shell = TerminalInteractiveShell.instance(colors="NoColor", simple_prompt=True)
gate = sys.argv[1]

def run(cell):
    result = shell.run_cell(cell, store_history=True)
    # In one piece: between cells, where a person has the prompt, others write at once.
    sys.stdout.write(f"-- {type(result.error_in_exec or result.error_before_exec).__name__}\n")
    sys.stdout.flush()
    return result

run("%load_ext treadle")
run(f"import os, time\ngate = {gate!r}")
run("%%task\nbase = 20\nbase + 1")
assert run("base + 1").result == 21
run("%%task --for i in range(3) --collect sq\nsq = i * i")
assert run("sq").result == [0, 1, 4]
run("%%task --wait\nwaited = 5")
assert run("treadle.futures()[-1].done(), waited").result == (True, 5)
run("%treadle wait")
assert run("await treadle.task(abs)(-3)").result == 3
run("%%task\nwhile not os.path.exists(gate):\n    time.sleep(0.01)\nslow = 1")
threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
began = time.monotonic()
run("wait_on(slow)")
assert time.monotonic() - began < 1.9
run("%treadle cancel all")
run("@task\ndef held(a):\n    while not os.path.exists(gate): time.sleep(0.01)\n    return a")
run("f = held([1, 2])\nf")
run("open(gate, 'w').close()\n_ = wait_on(f)\nf")
print("ended well", flush=True)
run("treadle.stop()")
"""


def test_cells_in_a_terminal(tmp_path):
    script = tmp_path / "cells.py"
    script.write_text(CELLS, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "TREADLE_WORKERS": "2",
        "TREADLE_MEMORY": "64MB",
    }
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "gate")],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert "ended well" in told, told
    assert "cell[3] #1 waiting" in told
    assert "\nOut[3]: 21\n" in told
    assert "KeyboardInterrupt" in told
    assert "stopped waiting" not in told
    assert "cancelling 1 task" in told
    assert re.search(r"Out\[\d+\]: <Future held #\d+ (ready|placed|running)>.*: held\(\[1, 2\]\)\n", told), (
        told
    )
    assert re.search(r"Out\[\d+\]: <Future held #\d+ done> · .* on worker [12]: \[1, 2\]\n", told), told
