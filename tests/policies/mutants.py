"""Small changes of a module's source, each of which some test should notice.

Owns: which changes there are. Does not own: running tests over them (mutate.py, test_mutations.py).
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
Change = Callable[[ast.AST], bool]


@dataclass(frozen=True)
class Mutant:
    """A changed module: what was changed, in words, and the whole tree."""

    what: str
    tree: ast.Module
    function: str = ""


def mutants(source: str, *changes: Change) -> Iterator[Mutant]:
    """Every way to make one of the changes at one place; all changes when none is named."""
    tree = ast.parse(source)
    for change in changes or ALL:
        for place, node in enumerate(ast.walk(tree)):
            if not change(copy.deepcopy(node)):
                continue
            changed = copy.deepcopy(tree)
            change(list(ast.walk(changed))[place])
            line = getattr(node, "lineno", 0)
            what = f"{change.__name__} at line {line}: {source.splitlines()[line - 1].strip()}"
            yield Mutant(what, ast.fix_missing_locations(changed), _function_at(tree, line))


def _function_at(tree: ast.Module, line: int) -> str:
    """The function of the module that a line is in; "" for none."""
    functions = (one for one in tree.body if isinstance(one, ast.FunctionDef))
    return next((one.name for one in functions if one.lineno <= line <= (one.end_lineno or 0)), "")


def drop_yield(node: ast.AST) -> bool:
    """Takes away what a generator yields, and leaves it a generator."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        node.value = ast.YieldFrom(ast.Tuple([], ast.Load()))
        return True
    return False


def drop_violation(node: ast.AST) -> bool:
    """Takes away one refusal: what a generator yields or a function returns, or the helper that makes it."""
    if isinstance(node, ast.Return):
        made, other = node.value, ast.Tuple([], ast.Load())
        parts = [made.body, made.orelse] if isinstance(made, ast.IfExp) else [made]
        if any(_makes_refusal(part) for part in parts):
            node.value = other
            return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        return _makes_refusal(node.value.value) and drop_yield(node)
    return False


def _makes_refusal(made: ast.AST | None) -> bool:
    makers = ("RuleFinding", "_violation", "expect", "of", "_found")
    return isinstance(made, ast.Call) and getattr(made.func, "id", "") in makers


def negate_condition(node: ast.AST) -> bool:
    """Turns the condition of an `if`, of a conditional expression or of a comprehension round."""
    if isinstance(node, ast.If | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return True
    if isinstance(node, ast.comprehension) and node.ifs:
        node.ifs[0] = ast.UnaryOp(ast.Not(), node.ifs[0])
        return True
    return False


def swap_comparison(node: ast.AST) -> bool:
    """Turns one comparison round, or moves its bound by one."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OPPOSITE:
        node.ops[0] = _OPPOSITE[type(node.ops[0])]()
        return True
    return False


def swap_junction(node: ast.AST) -> bool:
    """`and` for `or` and the other way round."""
    if isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        return True
    return False


def forget_last(node: ast.AST) -> bool:
    """Takes away the last operand of `and` or `or`."""
    if isinstance(node, ast.BoolOp):
        node.values = [*node.values[:-1], node.values[-2]]
        return True
    return False


def forget_first(node: ast.AST) -> bool:
    """Takes away the first operand of `and` or `or`."""
    if isinstance(node, ast.BoolOp):
        node.values = [node.values[1], *node.values[1:]]
        return True
    return False


ALL: tuple[Change, ...] = (
    drop_yield,
    negate_condition,
    swap_comparison,
    swap_junction,
    forget_last,
    forget_first,
)
