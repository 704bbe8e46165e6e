"""Functions, classes and globals of a script in tasks: the same on workers as in the caller."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_SCRIPT = """
import enum, sys
from dataclasses import dataclass
import numpy as np
import mine
from treadle_runtime.api.directions import IN, INOUT
from treadle_runtime.api.session import start
from treadle_runtime.api.mapping import map as treadle_map
from treadle_runtime.api.sync import wait_on
from treadle_runtime.api.task import task

SCALE = 2

class Color(enum.Enum):
    RED = 1

class Oops(ValueError):
    pass

@dataclass
class Particle:
    x: int

    @task
    def step(self, d):
        self.x += d * SCALE

    @task(target_direction=IN)
    def get(self):
        return self.x, Color.RED

    @classmethod
    @task
    def at(cls, x):
        return cls(x)

    @task
    @staticmethod
    def plus(x):
        return x + 1

@task
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

large = np.arange(100_000.0)
config = {"k": 1}

@task
def total():
    return float(large.sum()) + config["k"] + mine.helper(0)

@task
def boom():
    raise Oops("no")

@task
def reads_futures():
    return one + 1, list(several)

@task(c=INOUT)
def add(c, v):
    c += v

@task
def first():
    return float(large[0])

@task(a=INOUT)
def add_and_look(a):
    a += 1
    return float(large[0])

with start(engine=sys.argv[1], workers=2):
    assert wait_on(fib(10)) == 55
    plain = float(large.sum())
    assert wait_on(total()) == plain + 2
    config["k"] = 5
    large[0] = 10
    mine.helper = lambda x: 100
    assert wait_on(total()) == plain + 115
    p = Particle(1)
    p.step(3)
    SCALE = 100
    p.step(1)
    value, color = wait_on(p.get())
    assert (value, color is Color.RED) == (107, True)
    assert wait_on(p).x == 107
    assert type(wait_on(Particle.at(4))) is Particle
    assert wait_on(p.plus(4)) == 5
    try:
        wait_on(boom())
    except Oops:
        pass
    one, several = fib(5), [fib(3), fib(4)]
    assert wait_on(reads_futures()) == (6, [2, 3])
    add(large, 1.0)
    assert wait_on(first()) == 11.0, "a global with writes pending is its newest version"
    assert wait_on(add_and_look(large)) == 12.0, "an argument that is a global, too, is one object"
    assert wait_on(treadle_map(lambda x: x * SCALE, range(3))) == [0, 100, 200]
print("all as in the caller")
"""


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_a_script_with_code_and_data_of_every_kind(engine: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def helper(x):\n    return x + 1\n")
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT / "runtime"), str(_ROOT / "kernel_ext")])}
    command = [sys.executable, str(script), engine]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1:] == ["all as in the caller"], done.stderr
