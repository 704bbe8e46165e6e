"""What nested definitions take from, and do to, the names of the cell around them.

Law: syntax trees in, sets of names out, by the symbol table of the compiler; knows nothing of values or tasks.
"""

from __future__ import annotations

import ast
import symtable


def global_names(definition: ast.stmt) -> tuple[set[str], set[str], set[str]]:
    """Return what a def or class takes from its module: read when it is made, read when it runs, bound by it."""
    top = symtable.symtable(ast.unparse(definition), "<cell>", "exec")
    at_once = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    later: set[str] = set()
    binds: set[str] = set()
    waiting = [(child, isinstance(definition, ast.ClassDef)) for child in top.get_children()]
    while waiting:
        table, now = waiting.pop()
        for symbol in table.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                (at_once if now else later).add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                binds.add(symbol.get_name())
        waiting += [(child, now and child.get_type() == "class") for child in table.get_children()]
    return at_once, later, binds


def mutations(definition: ast.AST, names: set[str]) -> set[str]:
    """Return which of `names` code nested in a definition stores into or calls a method on."""
    found = {changed_by(node) for node in ast.walk(definition)}
    return {name for name in found if name is not None} & names


def root_of(node: ast.expr) -> str | None:
    """Return the name that `a.b[c].d` begins with, None if it begins with something else."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def changed_by(node: ast.AST) -> str | None:
    """Return the name that `a.b[c] = v`, `del a.b` or the statement `a.b.method()` changes what it stands for."""
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        return root_of(node)
    if isinstance(node, ast.Expr):
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            return root_of(call.func.value)
    return None
