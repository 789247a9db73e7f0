"""Docstrings open with a noun of the field, leave no parameter empty, and every exported class has an example.

`docstring_exceptions.txt` lists what does not yet, nothing now; what is mended has to leave it.
"""

import ast
import importlib
import inspect
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "mho"
ROOMS = (
    "chip",
    "circuits",
    "cluster",
    "cost",
    "data",
    "engines",
    "image",
    "instrument",
    "journal",
    "monitor",
    "nmf",
    "recommend",
    "signatures",
    "spice",
    "sweep",
    "topics",
)
NAMED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
CLAUSE = re.compile(
    r"((Return|Yield|Give)s? )?"
    r"((after|at|by|for|from|in|on|to) (what|which|whom)|what|how|which|where|who|of|the same)\b",
    re.IGNORECASE,
)
PARAMETER = re.compile(r"\*{0,2}\w+(, \*{0,2}\w+)*( : .+)?")
LISTED = set(Path(__file__).with_name("docstring_exceptions.txt").read_text(encoding="utf-8").splitlines())


def docstrings():
    """Names and docstrings of all modules, classes and functions, those inside of others too."""
    for path in sorted(SOURCE.rglob("*.py")):
        waiting = [
            (".".join(path.relative_to(SOURCE.parent).with_suffix("").parts), ast.parse(path.read_text("utf-8")))
        ]
        for name, node in waiting:
            if isinstance(node, NAMED):
                yield name, ast.get_docstring(node) or ""
            for child in (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)):
                waiting.append((f"{name}.{child.name}" if isinstance(child, NAMED[1:]) else name, child))


def opens_with_a_clause(doc):
    return CLAUSE.match(doc) is not None


def empty_parameters(doc):
    lines, section = doc.splitlines(), ""
    for line, below in pairwise([*lines, ""]):
        section = line if re.fullmatch("-{3,}", below) else section
        if section == "Parameters" and line not in (section, "") and not line.startswith(("-", " ")):
            if PARAMETER.fullmatch(line) and not below.startswith("    "):
                yield line.split(" : ")[0]


def classes_without_example():
    for room in map(importlib.import_module, (f"mho.{room}" for room in ROOMS)):
        for thing in (getattr(room, name) for name in room.__all__):
            if inspect.isclass(thing) and not issubclass(thing, Exception) and ">>>" not in (thing.__doc__ or ""):
                yield f"{thing.__module__}.{thing.__qualname__}"


@cache
def found():
    docs = list(docstrings())
    assert len(docs) > 1500
    empty = {f"empty {name} {parameter}" for name, doc in docs for parameter in empty_parameters(doc)}
    clauses = {f"clause {name}" for name, doc in docs if opens_with_a_clause(doc)}
    return empty | clauses | {f"example {name}" for name in classes_without_example()}


def test_the_lint_finds_what_it_is_for():
    assert all(
        map(
            opens_with_a_clause,
            ("What is at the rows.", "Return how far it is.", "Of F, 1/s.", "The same.", "Return for which n."),
        )
    )
    assert not any(map(opens_with_a_clause, ("Row drivers.", "Return the rate.", "Offset of the gain.", "Whatever.")))
    doc = "Do.\n\nParameters\n----------\na : int\n    Rows.\nb : int\nc, d\n\nReturns\n-------\nfloat"
    assert list(empty_parameters(doc)) == ["b", "c, d"]


def test_nothing_is_found_but_what_is_listed():
    assert found() - LISTED == set()


def test_the_list_only_shrinks():
    """What is mended leaves the list: `LISTED - found()` names it."""
    assert LISTED - found() == set()
