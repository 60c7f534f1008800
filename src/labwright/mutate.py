"""Small plausible mistakes, made automatically: one change to the syntax tree at a time."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.MatMult: ast.Mult, ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed program and the change in words: 'line 3: x + y -> x - y'."""

    change: str
    code: str


def mutants(code: str) -> Iterator[Mutant]:
    """Every single-change mutant of `code`. Docstrings, annotations and error messages are left alone."""
    tree = ast.parse(code)
    for number, node in enumerate(_nodes(tree)):
        changed = copy.deepcopy(tree)
        target = _nodes(changed)[number]
        before = ast.unparse(target)
        after = _apply(changed, target)
        ast.fix_missing_locations(changed)
        if after != before:
            yield Mutant(f"line {node.lineno}: {_short(before)} -> {_short(after)}", ast.unparse(changed))


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """The nodes that a mutation may change, in order."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        hidden = [node] if isinstance(node, ast.Raise | ast.Assert) else []
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            hidden.append(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            hidden.append(node.returns)
        for each in hidden:
            skipped.update(id(inner) for inner in ast.walk(each))
    return [node for node in ast.walk(tree) if _can_change(node) and id(node) not in skipped]


def _can_change(node: ast.AST) -> bool:
    """Whether `_apply` knows a mutation for this node."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool | int | float)
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in SWAPS
    if isinstance(node, ast.BinOp):
        return type(node.op) in SWAPS
    return isinstance(node, ast.BoolOp | ast.UnaryOp | ast.If | ast.IfExp | ast.Assign | ast.AugAssign)


def _apply(tree: ast.AST, node: ast.AST) -> str:
    """Change `node` inside `tree`; returns the new text of the place."""
    if isinstance(node, ast.BinOp | ast.BoolOp):
        node.op = SWAPS[type(node.op)]()
    elif isinstance(node, ast.Compare):
        node.ops[0] = SWAPS[type(node.ops[0])]()
    elif isinstance(node, ast.Constant):
        node.value = (not node.value) if isinstance(node.value, bool) else node.value + 1
    elif isinstance(node, ast.If | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.UnaryOp):
        _replace(tree, node, node.operand)
        return ast.unparse(node.operand)
    else:  # a statement: leave it out
        _replace(tree, node, ast.Pass())
        return "(left out)"
    return ast.unparse(node)


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if each is old else each for each in value]


def _short(text: str) -> str:
    first = text.splitlines()[0]
    return first if len(first) <= 60 else first[:57] + "..."
