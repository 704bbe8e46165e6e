"""Modules of one's own travel by value, as they are in the notebook, not as they are on disk."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from treadle_runtime.store import locality
from treadle_runtime.store.locality import is_local


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The notebook's folder; modules made in there are forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    locality._answers.clear()


def test_what_is_local(folder: Path) -> None:
    (folder / "mine.py").write_text("x = 1\n")
    (folder / "site-packages").mkdir()
    (folder / "site-packages" / "theirs.py").write_text("x = 1\n")
    sys.path.insert(0, str(folder / "site-packages"))
    try:
        mine, theirs = importlib.import_module("mine"), importlib.import_module("theirs")
    finally:
        sys.path.remove(str(folder / "site-packages"))
    import json

    import numpy

    import treadle_runtime

    assert is_local(mine)
    assert not any(map(is_local, (theirs, json, numpy, sys, treadle_runtime, pytest)))


def test_functions_and_modules_travel_and_are_followed(session: Any, folder: Path) -> None:
    source = "import math\nSCALE = 2\ndef inner(x):\n    return x * SCALE\ndef helper(x):\n    return inner(x) + math.floor(0.5)\n"
    (folder / "mine.py").write_text(source)
    session.cell("import mine\nfrom mine import helper\ndef f(x):\n    return mine.helper(x)\ndef g(x):\n    return helper(x)")
    assert (session.run("f", 1), session.run("g", 1), session.run("helper", 1)) == (2, 2, 2)
    (folder / "mine.py").write_text(source.replace("SCALE = 2", "SCALE = 3"))
    assert (session.run("f", 1), session.run("g", 1)) == (2, 2), "an edit counts when the notebook has seen it"
    importlib.reload(session.notebook["mine"])
    assert (session.run("f", 1), session.run("g", 1), session.run("helper", 1)) == (3, 3, 3)
    session.cell("mine.SCALE = 10")
    assert session.run("f", 1) == 10
    session.cell("mine.inner = lambda x: -x")
    assert session.run("f", 1) == -1


def test_a_function_added_later_is_found(session: Any, folder: Path) -> None:
    (folder / "mine.py").write_text("x = 1\n")
    session.cell("import mine\ndef f():\n    return mine.late()")
    with pytest.raises(AttributeError):
        session.run("f")
    (folder / "mine.py").write_text("def late():\n    return 'here'\n")
    importlib.invalidate_caches()
    importlib.reload(session.notebook["mine"])
    assert session.run("f") == "here"


def test_classes_of_local_modules_come_home(session: Any, folder: Path) -> None:
    (folder / "mine.py").write_text(
        "import enum\nclass Kind(enum.Enum):\n    A = 1\nclass P:\n    def __init__(self, x):\n        self.x = x\n    def get(self):\n        return self.x\n"
    )
    session.cell("import mine\ndef make():\n    return mine.P(3), mine.Kind.A\ndef check(p):\n    return isinstance(p, mine.P), p.get()")
    p, kind = session.run("make")
    mine = session.notebook["mine"]
    assert type(p) is mine.P
    assert kind is mine.Kind.A
    assert session.run("check", p) == (True, 3)


def test_imports_inside_a_body_see_what_the_notebook_has_loaded(session: Any, folder: Path) -> None:
    (folder / "mine.py").write_text("def value():\n    return 1\n")
    session.cell("def f():\n    from mine import value\n    return value()\ndef g():\n    import mine\n    return mine.value()")
    importlib.import_module("mine")
    session.worker(cwd=str(folder))
    assert (session.run("f"), session.run("g")) == (1, 1)
    (folder / "mine.py").write_text("def value():\n    return 22\n")
    importlib.invalidate_caches()
    importlib.reload(sys.modules["mine"])
    assert (session.run("f"), session.run("g")) == (22, 22)


def test_what_only_tasks_import_is_read_again_after_an_edit(session: Any, folder: Path) -> None:
    package = folder / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "deep.py").write_text("def three():\n    return 3\n")
    session.cell("def f():\n    import pack.deep\n    from pack.deep import three\n    return three()\ndef g():\n    from pack import deep\n    return deep.three()")
    session.worker(cwd=str(folder))
    assert (session.run("f"), session.run("g")) == (3, 3)
    assert "pack" not in sys.modules
    (package / "deep.py").write_text("def three():\n    return 3333\n")
    assert (session.run("f"), session.run("g")) == (3333, 3333)


def test_packages_relative_imports_and_what_is_not_mentioned(session: Any, folder: Path) -> None:
    package = folder / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("from . import sub\nfrom .sub import two\nhidden = 'seen by file'\n")
    (package / "sub.py").write_text("def two():\n    from .deep import three\n    return 2, three()\n")
    (package / "deep.py").write_text("def three():\n    return 3\n")
    session.cell("import pack\ndef f():\n    return pack.sub.two()\ndef g():\n    m = pack\n    return getattr(m, 'hid' + 'den'), m.two()")
    session.worker(cwd=str(folder))
    assert session.run("f") == (2, 3)
    assert session.run("g") == ("seen by file", (2, 3))


def test_what_exists_once_per_process_is_made_there(session: Any, folder: Path) -> None:
    (folder / "mine.py").write_text("import threading\nlock = threading.Lock()\ndef locked():\n    with lock:\n        return 'ok'\n")
    session.cell("import mine\ndef f():\n    return mine.locked()")
    session.worker(cwd=str(folder))
    assert session.run("f") == "ok"
    assert session.run("f") == "ok"
