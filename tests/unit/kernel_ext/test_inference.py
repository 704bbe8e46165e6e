"""What `%%task` reads from a cell: tables of cell -> inputs | outputs | inout."""

from __future__ import annotations

import concurrent.futures
import math
import textwrap

import numpy as np
import pytest

from treadle.cells.inference import CellTask, infer
from treadle_runtime.errors import UsageError


class Model:
    def fit(self, _data):
        return self


def helper(value):
    return value


NAMESPACE = {
    "a": 1, "b": 2, "n": 10, "t": (1, 2), "s": "text", "total": 0,
    "x": np.zeros(3), "lst": [1], "d": {}, "model": Model(), "future": concurrent.futures.Future(),
    "np": np, "math": math, "helper": helper, "Model": Model, "sin": np.sin, "i": 99, "_": 5, "list": [3],
}  # fmt: skip


def read(source: str, **options) -> CellTask:
    return infer(textwrap.dedent(source), NAMESPACE, **options)


def short(cell: CellTask) -> str:
    return " | ".join(" ".join(names) for names in (cell.inputs, cell.outputs, cell.inout))


TABLE = [
    # reading and assigning
    ("y = a + b", "a b | y | "),
    ("y = unknown + a", "a | y | "),
    ("y = len(s)", "s | y | "),
    ("y = list + [1]", "list | y | "),  # shadowed here, so not the builtin
    ("total += a", "a |  | total"),
    ("a = a + 1", " |  | a"),
    ("x = 1\ny = x", " | x y | "),  # not read before it is assigned
    ("y = x\nx = 1", " | y | x"),
    ("p, *q = t", "t | p q | "),
    ("[p, (q, r)] = t", "t | p q r | "),
    ("p = q = a", "a | p q | "),
    ("y: int = a", "a | y | "),
    ("y: int", " |  | "),
    ("max = max(a, b)", "a b |  | max"),  # sequential code reads the builtin here
    ("a", "a |  | "),
    ("f'{a:{n}} {s!r}'", "a n s |  | "),
    ("y = a if n else b", "n a b | y | "),
    ("y = (z := a) + z", "a | z y | "),
    ("if (z := a) and (w := b):\n    y = w", "a b | z w y | "),
    ("assert a, s", "a s |  | "),
    ("print(a)", "a |  | "),
    ("y = _ + 1", "_ | y | "),
    ("_tmp = a\ny = _tmp", "a | y | "),
    ("y = await helper(a)", "a | y | "),
    # changed in place
    ("x[0] = a", "a |  | x"),
    ("x[0, n] += 1", "n |  | x"),
    ("d['k']['l'].attr = a", "a |  | d"),
    ("model.weights = x", "x |  | model"),
    ("model.count += 1", " |  | model"),
    ("del d['k']", " |  | d"),
    ("del model.weights", " |  | model"),
    ("d['k'], y = t", "t | y | d"),
    ("for d['k'] in lst: pass", "lst |  | d"),
    ("x += 1", " |  | x"),
    ("lst += [a]", "a |  | lst"),
    ("future += 1", " |  | future"),
    ("future[0] = 1", " |  | future"),
    ("model.fit(x)", "x |  | model"),
    ("model.fit(x);", "x |  | model"),
    ("m2 = model.fit(x)", "model x | m2 | "),
    ("lst.append(a)\ny = len(lst)", "a | y | lst"),
    ("d['k'].append(a)", "a |  | d"),
    ("await model.fit(x)", "x |  | model"),
    ("s.upper()\nt.count(1)", "s t |  | "),  # nothing changes a str or tuple
    ("np.random.seed(a)", "a |  | "),
    ("np.random.rand(3)[0] = 1", " |  | "),
    ("Model.count = a", "a |  | "),
    ("helper.count = a", "a |  | "),
    ("helper(x)", "x |  | "),
    ("sin(a)", "a |  | "),
    ("x = np.zeros(2)\nx[0] = 1", " | x | "),  # the new x is changed, not the notebook's
    ("z = []\nz.append(a)", "a | z | "),
    ("if a:\n    x = x.copy()\nx[0] = 1", "a |  | x"),
    ("for v in lst:\n    d[v] = v", "lst |  | d"),
    # what stays inside
    ("for i in range(n):\n    y = i", "n | y | "),
    ("for i in range(n):\n    pass\ny = i", "n i | y | "),  # the loop may not run
    ("with open(s) as f:\n    y = f.read()", "s | y | "),
    ("try:\n    y = a\nexcept ValueError as e:\n    y = e", "a | y | "),
    ("y = [v * a for v in lst if v > b]", "lst b a | y | "),
    ("y = {k: v for k, v in d.items()}", "d | y | "),
    ("y = {i for i in lst}", "lst | y | "),
    ("y = sum(i * j for i in lst for j in range(i))", "lst | y | "),
    ("y = [x for x in x]", "x | y | "),
    ("y = [z := v for v in lst]", "lst | z y | "),
    ("y = lambda a, b=n: a + b + total", "n total | y | "),
    ("y = [lambda: v for v in lst]", "lst | y | "),
    ("match a:\n    case {'k': v, **rest}: y = v\n    case [p, *q]: y = q\n    case _: y = 0", "a | y | "),
    ("if a:\n    import json\n    y = json.dumps(d)", "a d | y | "),
    ("if a:\n    def f(): return b\n    y = f()", "a b | y | "),
    # paths
    ("if a:\n    x = 1", "a |  | x"),  # keeps its old value on the other path
    ("if a:\n    x = 1\nelse:\n    x = 2", "a | x | "),
    ("if a:\n    x = 1\nelse:\n    raise ValueError", "a | x | "),
    ("while True:\n    x = 1\n    if a: break", "a | x | "),
    ("while a:\n    x = 1", "a |  | x"),
    ("for v in lst:\n    if v: continue\n    z = v", "lst | z | "),
    ("for v in lst:\n    pass\nelse:\n    x = 1", "lst | x | "),
    ("try:\n    x = a\nfinally:\n    y = 1", "a | x y | "),
    ("try:\n    x = a\nexcept ValueError:\n    raise", "a | x | "),
    ("try:\n    x = a\nexcept ValueError:\n    pass", "a |  | x"),
    ("from contextlib import suppress\nwith suppress(KeyError):\n    x = d['k']", "d |  | x"),
    ("with helper(a):\n    x = 1", "a | x | "),
    ("try:\n    x = a\nexcept* ValueError:\n    x = b", "a b | x | "),
    # deletion
    ("y = a\ndel y", "a |  | "),
    ("del x", " |  | "),
    ("y = x\ndel x", "x | y | "),
    ("x = 1\ndel x\nx = 2", " | x | "),
    # definitions are the notebook's
    ("import json\ny = json.dumps(d)", "d | y | "),
    ("import os.path as p, sys\ny = p.join(s)", "s | y | "),
    ("def f(v): return v * a\ny = f(b)", "b | y | "),
    ("class C:\n    n = 1\ny = C()", " | y | "),
    ("k = 3\ndef f(v): return v * k\ny = f(a)", "a | k y | "),
    ("def add(v): lst.append(v)\nadd(a)", "a |  | lst"),
    ("def add(v):\n    global total\n    total += v\nadd(a)", "a |  | total"),
    ("@helper\ndef f(): return a\ny = f()", " | y | "),
    ("def f(): return 1\nf = helper(f)", " |  | f"),
    ("async def f(): return a\ny = await f()", " | y | "),
    ("if a:\n    def f():\n        def g(): return x[0] + later\n        return g\n    y = f()", "a x | y | "),
    ("if a:\n    class C:\n        size = n\n        def m(self): return b", "a b n |  | "),
]


@pytest.mark.parametrize(("source", "expected"), TABLE, ids=[source for source, _ in TABLE])
def test_table(source, expected):
    assert short(read(source)).split(" | ") == expected.split(" | ")


def test_returned_and_renewed_tell_rebinding_from_change():
    cell = read("a = a + 1\nx[0] = a\nx2 = x\ntotal += 1\nlst += [1]")
    assert cell.returned == ("a", "x2", "total")
    assert cell.renewed == ("x", "lst")
    both = read("lst.append(1)\nlst = lst + [2]")
    assert both.renewed == ("lst",)
    assert both.returned == ("lst",)


def test_number_is_rebound_and_array_is_changed_by_augmented_assignment():
    assert read("a += 1").returned == ("a",)
    assert read("x += 1").returned == ()
    assert read("x += 1").renewed == ("x",)
    assert read("future += 1").returned == ("future",)  # nobody knows yet what it is


def test_code_is_named_apart():
    cell = read("import json\ny = np.sum(helper(x)) + len(json.dumps(s))")
    assert cell.uses == ("np", "helper", "json")
    assert cell.inputs == ("x", "s")


def test_conditional_output_without_an_old_value_may_stay_unassigned():
    cell = read("if a:\n    y = 1\nelse:\n    z = 2")
    assert cell.outputs == ("y", "z")
    assert cell.maybe == {"y", "z"}


def test_failed_old_value_is_not_taken_along():
    assert short(read("if a:\n    x = 1", failed=["x"])) == "a | x | "
    assert short(read("x = x + 1", failed=["x"])) == " |  | x"


def test_deleted_names_leave_the_notebook():
    cell = read("del x")
    assert cell.deletes == ("x",)
    assert cell.hidden == ("x",)
    assert read("if a:\n    del x").deletes == ()


def test_last_expression_is_shown_unless_a_semicolon_ends_it():
    assert read("y = 1\ny").shows
    assert not read("y = 1\ny;").shows
    assert not read("y = 1").shows
    assert read("import json\njson").shows


def test_definitions_stay_out_of_the_body_unless_they_need_it():
    cell = read("import json\nclass C: pass\ny = a")
    assert (len(cell.now), len(cell.body)) == (2, 1)
    cell = read("k = a\ndef f(): return k\ny = f()")
    assert (len(cell.now), len(cell.body)) == (1, 3)


def test_line_numbers_are_those_of_the_notebooks_cell():
    cell = read("y = a\nz = b", first_line=2)
    assert [statement.lineno for statement in cell.body] == [2, 3]


OVERRIDES = [
    ("model.fit(x)", {"inputs": ["model"]}, "x model |  | "),
    ("helper(model)", {"inout": ["model"]}, " |  | model"),
    ("for i in lst: pass", {"outputs": ["i"]}, "lst |  | i"),
    ("_hidden = a", {"outputs": ["_hidden"]}, "a | _hidden | "),
    ("with helper(a) as f: pass", {"outputs": ["f"]}, "a | f | "),
    ("y = eval('n')", {"inputs": ["n"]}, "n | y | "),
    ("helper(1)", {"inputs": ["helper"]}, "helper |  | "),
    ("exec('lst.append(1)')", {"inout": ["lst"]}, " |  | lst"),
]


@pytest.mark.parametrize(("source", "options", "expected"), OVERRIDES)
def test_options_override(source, options, expected):
    cell = read(source, **options)
    got, want = short(cell).split(" | "), expected.split(" | ")
    assert [set(part.split()) for part in got] == [set(part.split()) for part in want]


def test_name_is_kept():
    assert read("y = 1", name="case {i}").name == "case {i}"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("y = a\n%matplotlib inline\nz = 1", "line 2 `%matplotlib inline`"),
        ("!ls", "line 1 `!ls`"),
        ("files = !ls", "line 1 `files = !ls`"),
        ("y = %time a", "line 1 `y = %time a`"),
        ("if a:\n    %time b", "line 2 `%time b`"),
        ("helper?", "line 1 `helper?`"),
        ("%%bash\nls", "line 1 `%%bash`"),
    ],
)
def test_magic_is_an_error_that_names_the_line(source, line):
    with pytest.raises(UsageError, match="a cell of its own") as caught:
        infer(source, NAMESPACE)
    assert str(caught.value).startswith(line)


def test_percent_in_ordinary_code_is_no_magic():
    assert short(read("y = (n\n  % a)")) == "n a | y | "
    assert short(read("y = '''\n%magic\n!ls\n'''")) == " | y | "


@pytest.mark.parametrize("source", ["return a", "yield a", "y = = 1", "nonlocal a", "def f(a, a): pass"])
def test_syntax_error_is_pythons_own(source):
    with pytest.raises(SyntaxError) as caught:
        infer(source, NAMESPACE, filename="<cell-5>", first_line=2)
    assert caught.value.filename == "<cell-5>"
    assert caught.value.lineno == 2


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("y = a", {"inputs": ["modle"]}, "Did you mean `model`"),
        ("y = a", {"inout": ["nothing_like_it"]}, "no name of the notebook"),
        ("y = a", {"inout": ["np"]}, "`np` is a module, which is always IN"),
        ("y = a", {"inputs": ["x"], "inout": ["x"]}, "both in -i and in --inout"),
        ("yy = a", {"outputs": ["y"]}, "never assigns it. Did you mean `yy`"),
        ("k = 3\ndef f(v=k): return v", {}, "line 2: `k` is computed by this cell"),
        ("k = 3\nclass C:\n    size = k", {}, "line 2: `k` is computed by this cell"),
    ],
)
def test_bad_options_and_definitions(source, options, message):
    with pytest.raises(UsageError, match=message):
        read(source, **options)


def test_inference_runs_and_changes_nothing():
    before = dict(NAMESPACE)
    read("def f(): raise SystemExit\nimport nowhere\nlst.append(1)\nf()")
    assert before.keys() == NAMESPACE.keys()
    assert NAMESPACE["lst"] == [1]
