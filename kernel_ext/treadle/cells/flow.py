"""How names flow through the top level of a cell: what is read before it is bound, bound, changed, deleted.

Law: syntax trees in, sets of names out; knows nothing of values, tasks or notebooks. Errs on the side of "may be
read" and "may be left unbound".
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from .scopes import changed_by, global_names, mutations


@dataclass(slots=True)
class Flow:
    """What a block does with names of its own scope."""

    order: list[str] = field(default_factory=list)  # every name, as first mentioned
    exposed: set[str] = field(default_factory=set)  # read where it may not have been bound here
    bound: set[str] = field(default_factory=set)  # bound in any way
    assigned: set[str] = field(default_factory=set)  # bound by an assignment, not by loop, with, except, import, def
    rebound: set[str] = field(default_factory=set)  # bound by anything but an augmented assignment
    augmented: dict[str, set[type[ast.operator]]] = field(default_factory=dict)  # of what was there before
    mutated: set[str] = field(default_factory=set)  # what was there before is stored into, or a method called on it
    nested: set[str] = field(default_factory=set)  # bound only through `global` in a nested function
    maybe: set[str] = field(default_factory=set)  # bound on some paths only
    deleted: set[str] = field(default_factory=set)  # unbound at the end on every path


def trace(body: Sequence[ast.stmt], defined: Collection[str] = ()) -> Flow:
    """Follow the statements of a cell; what it has `defined` itself may be read by a function that stands further up."""
    walker = _Walker(frozenset(defined))
    walker.block(body)
    flow = walker.flow
    flow.nested -= flow.rebound | flow.augmented.keys()
    flow.maybe = {name for name in flow.bound if name not in walker.now.sure}
    flow.deleted = set() if walker.now.dead else set(walker.now.gone)
    return flow


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _swallows(item: ast.withitem) -> bool:
    call = item.context_expr
    name = call.func if isinstance(call, ast.Call) else call
    return (name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")) == "suppress"


class _Paths:
    """What is certain at one point: names bound, names unbound; `dead` if no path comes here."""

    __slots__ = ("dead", "gone", "sure")

    def __init__(self, sure: set[str], gone: set[str], dead: bool = False) -> None:
        self.sure, self.gone, self.dead = sure, gone, dead

    def copy(self) -> _Paths:
        return _Paths(set(self.sure), set(self.gone), self.dead)

    @staticmethod
    def join(*paths: _Paths) -> _Paths:
        alive = [one for one in paths if not one.dead]
        if not alive:
            return _Paths(set(), set(), dead=True)
        return _Paths(set.intersection(*(p.sure for p in alive)), set.intersection(*(p.gone for p in alive)))


class _Walker:
    """Visits statements in the order of their execution; `now` is what is certain where it stands."""

    def __init__(self, defined: frozenset[str]) -> None:
        self.flow = Flow()
        self._defined = defined
        self.now = _Paths(set(), set())
        self._assigning = True  # else bindings stay inside: loop, with, except
        self._scopes: list[set[str]] = []  # names of comprehensions and lambdas that we are in
        self._breaks: list[list[_Paths]] = []

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def visit(self, node: ast.AST | None) -> None:
        if node is None:
            return
        handler: Callable[[Any], None] = _HANDLERS.get(type(node), _Walker._children)
        handler(self, node)  # type: ignore[call-arg]

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    # ------------------------------------------------------------ names
    def _mention(self, name: str) -> bool:
        """Note the name; False if it belongs to a comprehension or lambda around."""
        if any(name in scope for scope in self._scopes):
            return False
        if name not in self.flow.order:
            self.flow.order.append(name)
        return True

    def _read(self, name: str) -> None:
        if self._mention(name) and name not in self.now.sure and not self.now.dead:
            self.flow.exposed.add(name)

    def _bind(self, name: str, assigned: bool | None = None) -> None:
        if not self._mention(name):
            return
        self.flow.bound.add(name)
        self.flow.rebound.add(name)
        if self._assigning if assigned is None else assigned:
            self.flow.assigned.add(name)
        self.now.sure.add(name)
        self.now.gone.discard(name)

    def _mutate(self, name: str | None) -> None:
        if name is not None and self._mention(name) and name not in self.now.sure:
            self.flow.mutated.add(name)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        before, self._assigning = self._assigning, False
        yield
        self._assigning = before

    def on_name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        elif self._mention(node.id):
            self.flow.bound.add(node.id)
            self.now.sure.discard(node.id)
            self.now.gone.add(node.id)

    def on_part(self, node: ast.Attribute | ast.Subscript) -> None:
        self._children(node)
        self._mutate(changed_by(node))

    # ------------------------------------------------------------ expressions
    def on_named_expr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._bind(node.target.id, assigned=True)

    def on_bool_op(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._perhaps(node.values[1:])

    def on_compare(self, node: ast.Compare) -> None:
        self.visit(node.left)
        self.visit(node.comparators[0])
        self._perhaps(node.comparators[1:])

    def on_if_exp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._branch([lambda: self.visit(node.body), lambda: self.visit(node.orelse)])

    def _perhaps(self, nodes: Sequence[ast.AST]) -> None:
        before = self.now.copy()
        for node in nodes:
            self.visit(node)
        self.now = _Paths.join(before, self.now)

    def on_lambda(self, node: ast.Lambda) -> None:
        arguments = node.args
        self._perhaps([*arguments.defaults, *filter(None, arguments.kw_defaults)])
        own = {arg.arg for arg in ast.walk(arguments) if isinstance(arg, ast.arg)}
        own |= {named.target.id for named in ast.walk(node.body) if isinstance(named, ast.NamedExpr)}
        self._scoped(own, [node.body])

    def on_comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        generators = node.generators
        self.visit(generators[0].iter)
        targets = [name for one in generators for name in ast.walk(one.target)]
        own = {name.id for name in targets if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts: list[ast.AST] = []
        for index, one in enumerate(generators):
            parts += [one.target, *([one.iter] if index else []), *one.ifs]
        self._scoped(own, [*parts, *elements])

    def _scoped(self, own: set[str], nodes: Sequence[ast.AST]) -> None:
        self._scopes.append(own)
        self._perhaps(nodes)
        self._scopes.pop()

    # ------------------------------------------------------------ statements
    def on_assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def on_ann_assign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def on_aug_assign(self, node: ast.AugAssign) -> None:
        target = node.target
        if not isinstance(target, ast.Name):
            self.visit(node.value)
            self.visit(target)
            return
        self._read(target.id)
        self.visit(node.value)
        was_rebound = target.id in self.flow.rebound
        if target.id not in self.now.sure:
            self.flow.augmented.setdefault(target.id, set()).add(type(node.op))
        self._bind(target.id)
        if not was_rebound:
            self.flow.rebound.discard(target.id)

    def on_expr(self, node: ast.Expr) -> None:
        self.visit(node.value)
        self._mutate(changed_by(node))

    def on_definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        at_once, later, binds = global_names(node)
        for name in sorted(at_once | later - {node.name} - self._defined):
            self._read(name)
        for name in mutations(node, later):
            self._mutate(name)
        for name in sorted(binds):
            self._mention(name)
            self.flow.bound.add(name)
            self.flow.assigned.add(name)
            self.flow.nested.add(name)
        self._bind(node.name, assigned=False)

    def on_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.split(".")[0], assigned=False)

    def on_raise(self, node: ast.Raise) -> None:
        self._children(node)
        self.now = _Paths(set(), set(), dead=True)

    def on_break(self, _node: ast.Break) -> None:
        self._breaks[-1].append(self.now)
        self.now = _Paths(set(), set(), dead=True)

    def on_continue(self, _node: ast.Continue) -> None:
        self.now = _Paths(set(), set(), dead=True)

    def _branch(self, branches: Sequence[Callable[[], None]], falls_through: bool = False) -> None:
        start = self.now
        ends = [start.copy()] if falls_through else []
        for branch in branches:
            self.now = start.copy()
            branch()
            ends.append(self.now)
        self.now = _Paths.join(*ends)

    def on_if(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branch([lambda: self.block(node.body), lambda: self.block(node.orelse)])

    def on_while(self, node: ast.While) -> None:
        self.visit(node.test)
        self._loop(lambda: self.block(node.body), node.orelse, endless=_is_true(node.test))

    def on_for(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)

        def body() -> None:
            with self._inside():
                self.visit(node.target)
            self.block(node.body)

        self._loop(body, node.orelse)

    def _loop(self, body: Callable[[], None], orelse: Sequence[ast.stmt], endless: bool = False) -> None:
        before = self.now.copy()
        self._breaks.append([])
        body()
        breaks = self._breaks.pop()
        after = _Paths(set(), set(), dead=True) if endless else _Paths.join(before, self.now)
        self.now = after
        self.block(orelse)
        self.now = _Paths.join(self.now, *breaks)

    def on_try(self, node: ast.Try) -> None:
        start = self.now.copy()
        self.block(node.body)
        self.block(node.orelse)
        ends = [self.now]
        for handler in node.handlers:
            self.now = start.copy()
            self.now.gone.clear()
            self.visit(handler.type)
            if handler.name:
                self._bind(handler.name, assigned=False)
            self.block(handler.body)
            if handler.name:
                self.now.sure.discard(handler.name)
            ends.append(self.now)
        joined = _Paths.join(*ends)
        if node.finalbody:
            self.now = _Paths(set(start.sure), set())
            self.block(node.finalbody)
            joined.sure |= self.now.sure
            joined.dead = joined.dead or self.now.dead
        self.now = joined

    def on_with(self, node: ast.With | ast.AsyncWith) -> None:
        before = self.now.copy()
        for item in node.items:
            self.visit(item.context_expr)
            with self._inside():
                self.visit(item.optional_vars)
        self.block(node.body)
        if any(_swallows(item) for item in node.items):
            self.now = _Paths.join(before, self.now)

    def on_match(self, node: ast.Match) -> None:
        self.visit(node.subject)

        def branch(case: ast.match_case) -> Callable[[], None]:
            def run() -> None:
                self.visit(case.pattern)
                self.visit(case.guard)
                self.block(case.body)

            return run

        last = node.cases[-1]
        catches_all = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
        self._branch([branch(case) for case in node.cases], falls_through=not catches_all)

    def on_capture(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        self._children(node)
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name is not None:
            self._bind(name, assigned=False)


_HANDLERS: Final[dict[type[ast.AST], Any]] = {
    ast.Name: _Walker.on_name,
    ast.Attribute: _Walker.on_part,
    ast.Subscript: _Walker.on_part,
    ast.NamedExpr: _Walker.on_named_expr,
    ast.BoolOp: _Walker.on_bool_op,
    ast.Compare: _Walker.on_compare,
    ast.IfExp: _Walker.on_if_exp,
    ast.Lambda: _Walker.on_lambda,
    ast.Assign: _Walker.on_assign,
    ast.AnnAssign: _Walker.on_ann_assign,
    ast.AugAssign: _Walker.on_aug_assign,
    ast.Expr: _Walker.on_expr,
    ast.Raise: _Walker.on_raise,
    ast.Break: _Walker.on_break,
    ast.Continue: _Walker.on_continue,
    ast.If: _Walker.on_if,
    ast.While: _Walker.on_while,
    ast.Match: _Walker.on_match,
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp), _Walker.on_comprehension),
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef), _Walker.on_definition),
    **dict.fromkeys((ast.Import, ast.ImportFrom), _Walker.on_import),
    **dict.fromkeys((ast.For, ast.AsyncFor), _Walker.on_for),
    **dict.fromkeys((ast.Try, ast.TryStar), _Walker.on_try),
    **dict.fromkeys((ast.With, ast.AsyncWith), _Walker.on_with),
    **dict.fromkeys((ast.MatchAs, ast.MatchStar, ast.MatchMapping), _Walker.on_capture),
}
