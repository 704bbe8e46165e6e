"""The house rules that a reader relies on: sizes, names, first lines, floors, nothing left half done."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "runtime/treadle_runtime", ROOT / "kernel_ext/treadle"]
SOURCES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
PYTHON = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
FRONTEND = sorted(path for path in (ROOT / "labextension").rglob("*.ts") if "node_modules" not in path.parts)

FLOORS = [
    {"errors", "config", "machine", "place"},
    {"core"},
    {"wire", "store", "feed"},
    {"engines", "worker", "record"},
    {"client", "host"},
    {"api"},
    {"cli", "interop", "testing"},
]
ATTIC = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "stuff"}
PURE = {
    "__future__", "abc", "ast", "bisect", "collections", "contextlib", "copy", "dataclasses", "enum", "functools",
    "hashlib", "heapq", "itertools", "math", "operator", "re", "types", "typing", "weakref",
}  # fmt: skip


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 20


def test_a_file_fits_in_the_head() -> None:
    assert not [name(path) for path in [*PYTHON, *FRONTEND] if len(text(path).splitlines()) >= 400]


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{name(path)}: {node.name}: {size} lines"
        for path in PYTHON
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (size := lines(node)) >= 60
    ]
    assert not long


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function; a table that it returns counts as one."""
    tables = [
        each.value
        for each in function.body
        if isinstance(each, ast.Return) and isinstance(each.value, ast.List | ast.Tuple | ast.Dict)
    ]
    return extent(function) - sum(extent(each) - 1 for each in tables)


def extent(node: ast.stmt | ast.expr) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_attics() -> None:
    assert not [name(path) for path in [*PYTHON, *FRONTEND] if {path.stem, path.parent.name} & ATTIC]


def test_a_module_opens_with_its_law() -> None:
    docs = {path: ast.get_docstring(tree(path)) or "" for path in SOURCES if text(path).strip()}
    assert not [name(path) for path, doc in docs.items() if not doc], "say what it knows and what it must never know"
    below = {path: doc for path, doc in docs.items() if path.name not in ("__init__.py", "__main__.py")}
    assert not [name(path) for path, doc in below.items() if "Law:" not in doc]


def test_nothing_is_left_half_done() -> None:
    assert not [name(path) for path in SOURCES if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError", text(path))]
    bare = [
        f"{name(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "BaseException"))
        and all(isinstance(each, ast.Pass) for each in node.body)
    ]
    assert not bare, "an exception disappears here"


def floor(package: str) -> int:
    return next(number for number, packages in enumerate(FLOORS) if package in packages)


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, absolute name) of all imports of a module, those inside functions too."""
    inside = path.relative_to(path.parents[len(path.relative_to(ROOT).parts) - 2])
    package = list(inside.with_suffix("").parts)[:-1]
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            full = ".".join([*base, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{full}.{alias.name}") for alias in node.names]
    return found


def goes_up(path: Path, imported: str) -> bool:
    """Tell whether a module of the machine must not import this."""
    package = path.relative_to(PACKAGES[0]).with_suffix("").parts[0]
    if package == "__init__":
        return imported.startswith("treadle")
    if not imported.startswith("treadle_runtime."):
        return bool(re.match(r"treadle(\.|$)|runtime\.|kernel_ext\.", imported))
    below = imported.split(".")[1]
    if below == package or below.startswith("__"):
        return False
    single = floor(package) == floor(below) == 0  # modules of the ground floor
    return not single and floor(below) >= floor(package)


def test_imports_go_down_only() -> None:
    machine = [path for path in SOURCES if path.is_relative_to(PACKAGES[0])]
    found = [(path, line, imported) for path in machine for line, imported in imports(path)]
    assert len(found) > 500
    assert not [f"{name(path)}:{line}: {imported}" for path, line, imported in found if goes_up(path, imported)]


def test_the_core_is_pure() -> None:
    core = [(path, each) for path in sorted((PACKAGES[0] / "core").rglob("*.py")) for _, each in imports(path)]
    assert core
    assert not [f"{name(path)}: {each}" for path, each in core if each.split(".")[0] not in PURE | {"treadle_runtime"}]


def test_no_second_copy_of_the_modules() -> None:
    second = re.compile(r"^\s*(from|import) (runtime|kernel_ext)\b", re.MULTILINE)
    assert not [name(path) for path in PYTHON if path != Path(__file__) and second.search(text(path))]


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / each for each in listing.split("\0") if each and (ROOT / each).is_file()]


def test_no_path_of_a_machine_and_no_registry_in_the_repository() -> None:
    paths = re.compile(r"(?<![\w.:/$}])/(root|work|home/(?!ann/|me/)\w+|Users/\w+|opt/\w+)/|/tmp/\w*venv")
    hosts = re.compile(r"https?://[^\s\"')]*(artifactory|nexus|/simple/|registry\.)", re.IGNORECASE)
    wrong = []
    for path in tracked():
        if path.suffix in (".png", ".msh") or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if paths.search(line) or hosts.search(line):
                wrong.append(f"{name(path)}:{number}: {line.strip()[:100]}")
    assert not wrong


def test_the_lock_file_names_no_registry() -> None:
    for lock in (ROOT / "labextension").glob("*lock*"):
        text = lock.read_text(encoding="utf-8")
        assert '"resolved"' not in text
        assert "__archiveUrl" not in text
    for settings in (ROOT / "labextension").glob(".*rc*"):
        assert "registry=" not in settings.read_text(encoding="utf-8").replace("omit-lockfile-registry-resolved", "")


def test_no_large_file_is_tracked() -> None:
    assert not [name(path) for path in tracked() if path.stat().st_size > 1_500_000]
