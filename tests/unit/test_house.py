"""The house check, on code that breaks its rules."""

import ast

from tests.support.house import MOST_FUNCTION_LINES, ROOT, TREES, long_functions, long_modules


def function_of(lines: int) -> ast.AST:
    return ast.parse("@decorator\ndef grown():\n" + "    pass\n" * (lines - 1))


def test_a_function_may_have_forty_lines_and_no_more() -> None:
    assert list(long_functions(function_of(MOST_FUNCTION_LINES))) == []
    assert list(long_functions(function_of(MOST_FUNCTION_LINES + 1))) == ["grown has 41 lines, at most 40"]


def test_no_module_of_this_tree_is_too_long() -> None:
    assert [fault for name in TREES for fault in long_modules(ROOT / name)] == []
