"""What `import treadle` does, gives and must not do. Each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PUBLIC = {
    "task", "IN", "OUT", "INOUT", "wait_on", "barrier", "put", "cancel", "start", "stop", "Future",
    "map", "as_completed", "rng", "dashboard",
}  # fmt: skip


def fresh(code: str) -> str:
    """Run code in a new Python and give what it printed."""
    path = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_plain_script_does_not_get_jupyter() -> None:
    loaded = json.loads(fresh("import json, sys, treadle; print(json.dumps(sorted(sys.modules)))"))
    unwanted = {"IPython", "ipykernel", "ipywidgets", "anywidget", "traitlets", "tornado", "jupyter_client"}
    assert not unwanted & {each.split(".")[0] for each in loaded}


def test_import_starts_nothing() -> None:
    assert fresh("import threading, treadle; print(threading.active_count())").strip() == "1"


def test_the_public_names_are_there_documented_and_no_others_are_announced() -> None:
    code = """
import json, treadle
print(json.dumps({"all": sorted(treadle.__all__), "undocumented": [
    name for name in treadle.__all__ if callable(getattr(treadle, name)) and not getattr(treadle, name).__doc__]}))
"""
    names = json.loads(fresh(code))
    assert set(names["all"]) >= PUBLIC
    assert not names["undocumented"]


def test_every_public_error_comes_from_one_place() -> None:
    code = """
import json, treadle, treadle_runtime.errors as errors
public = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
print(json.dumps([each.__name__ for each in public if getattr(treadle, each.__name__, None) is not each]))
"""
    assert json.loads(fresh(code)) == []


def test_a_jupyter_server_gets_nothing_that_runs_tasks() -> None:
    loaded = json.loads(fresh("import json, sys, treadle.server.handlers; print(json.dumps(sorted(sys.modules)))"))
    assert "treadle.server.line" in loaded
    assert not {"numpy", "cloudpickle", "treadle_runtime.api", "treadle_runtime.client", "treadle_runtime.host"} & set(loaded)


def test_a_name_that_is_not_there_is_an_attribute_error_and_those_that_are_can_be_completed() -> None:
    assert fresh("import treadle; print(hasattr(treadle, 'tasks'), 'wait_on' in dir(treadle))").split() == ["False", "True"]
