"""The part of given.py that a check uses. The rest may hold references for tasks that are not judged yet: a learner's kernel that
was sent them could hand them in."""

import ast


def excerpt(text: str, name: str, known: set[str]) -> tuple[str, set[str]]:
    """The part of a module's `text` that defines `name`, and the names of the functions and classes in it.

    With it go the imports, the assignments, and the functions and classes that these and the definition use; those in `known` are
    left out.
    """
    body = ast.parse(text).body
    definitions = {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    others = [node for node in body if node not in definitions.values()]
    wanted: set[str] = set()
    todo = [name, *(each for node in others for each in _names(node))]
    while todo:
        each = todo.pop()
        if each in definitions and each not in wanted | known:
            wanted.add(each)
            todo += _names(definitions[each])
    kept = [node for node in body if node in others or node.name in wanted]
    return ast.unparse(ast.Module(body=kept, type_ignores=[])), wanted


def _names(node: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
