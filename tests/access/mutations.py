"""Changes of a copy of a module's source, one at a time: a comparison turned, a part dropped, a word exchanged."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}


def mutations(source: str) -> Iterator[tuple[str, str]]:
    """Every changed source, with what was changed in words."""
    wanted = 0
    while True:
        change = _Change(wanted)
        changed = change.visit(ast.parse(source))  # anew each time: quicker than a copy
        if not change.made:
            return
        yield change.made, ast.unparse(ast.fix_missing_locations(changed))
        wanted += 1


def exchanges(source: str, words: Mapping[str, Sequence[str]], dice: Random) -> Iterator[tuple[str, str]]:
    """Sources in which one word (`Group.WORD`) of a function or a table stands in the place of another of its group.

    `words`: group -> its words. Each with its line as it was, and the new word; in an order that `dice` choose.
    """
    tree, lines = ast.parse(source), source.splitlines()
    places = [
        node
        for top in tree.body
        if not isinstance(top, ast.ClassDef)
        for node in ast.walk(top)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _of(words, node)
    ]
    every = [(node, other) for node in places for other in _of(words, node) if other != node.attr]
    for node, other in dice.sample(every, len(every)):
        was, node.attr = node.attr, other
        yield f"{lines[node.lineno - 1].strip()}: {was} -> {other}", ast.unparse(tree)
        node.attr = was


def _of(words: Mapping[str, Sequence[str]], node: ast.Attribute) -> Sequence[str]:
    return words.get(node.value.id, ()) if isinstance(node.value, ast.Name) else ()


class _Change(ast.NodeTransformer):
    """Replaces the place of number `wanted`; `made` says what it did."""

    def __init__(self, wanted: int) -> None:
        self.left = wanted
        self.made = ""

    def visit(self, node: ast.AST) -> ast.AST:
        """Go through a node's parts, then replace it if its turn has come. What is only said of types is left."""
        if isinstance(node, ast.FunctionDef):
            kept: list[Any] = [self.visit(one) for one in node.body]
            node.body = kept
            return node
        if isinstance(node, ast.ClassDef):
            return self._of_class(node)
        node = self.generic_visit(node)
        for other in _others(node):
            if self.left == 0:
                self.made = f"line {getattr(node, 'lineno', 0)}: {_words(node)} -> {_words(other)}"
            self.left -= 1
            if self.made and self.left == -1:
                return other
        return node

    def _of_class(self, node: ast.ClassDef) -> ast.AST:
        """Of classes only what they do: their fields' defaults are given by whoever builds them."""
        for one in node.body:
            if isinstance(one, ast.FunctionDef):
                self.visit(one)
        return node


def _words(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(node)).partition("\n")[0]


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _TURNED:
            yield ast.Compare(node.left, [_TURNED[type(op)]()], node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
            yield from (ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0] for rest in _less(node.values))
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.If():
            yield from (ast.If(ast.Constant(value), node.body, node.orelse) for value in (True, False))
        case ast.Set(elts=[_, _, *_]):
            yield from (ast.Set(rest) for rest in _less(node.elts))
        case ast.BinOp(op=ast.BitOr() | ast.Sub()):
            yield node.left
        case ast.Call(keywords=[_, *_]):
            yield from (ast.Call(node.func, node.args, rest) for rest in _less(node.keywords))


def _less(parts: list[Any]) -> Iterator[list[Any]]:
    """The parts without each of them in turn."""
    yield from (parts[:index] + parts[index + 1 :] for index in range(len(parts)))
