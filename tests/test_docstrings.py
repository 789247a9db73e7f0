"""Docstrings open with a noun of the field, leave no parameter empty or out, and every exported class has an example.

`docstring_exceptions.txt` lists what does not yet, nothing now; what is mended has to leave it.
"""

import ast
import importlib
import inspect
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import mho

SOURCE = Path(__file__).parents[1] / "src" / "mho"
ROOMS = sorted(mho._PACKAGES - {"demo", "torch"})  # torch is not everywhere
NAMED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
CLAUSE = re.compile(
    r"((Return|Yield|Give)s? )?"
    r"((after|at|by|for|from|in|on|to) (what|which|whom)|what|how|which|where|who|of|the same)\b",
    re.IGNORECASE,
)
PARAMETER = re.compile(r"\*{0,2}\w+(, \*{0,2}\w+)*( : .+)?")
LISTED = set(Path(__file__).with_name("docstring_exceptions.txt").read_text(encoding="utf-8").splitlines())


@cache
def sources():
    """Syntax trees of all modules, by path."""
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


def docstrings():
    """Names and docstrings of all modules, classes and functions, those inside of others too."""
    for path, tree in sources().items():
        waiting = [(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts), tree)]
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


def listed_parameters(doc):
    """Names in the sections of a docstring that list arguments."""
    names, section = set(), ""
    for line, below in pairwise([*doc.splitlines(), ""]):
        section = line if re.fullmatch("-{3,}", below) else section
        if section in ("Parameters", "Attributes") and line != section and PARAMETER.fullmatch(line):
            names |= {name.strip(" *") for name in line.split(" : ")[0].split(",")}
    return names


def arguments_left_out():
    """Arguments that a docstring with a list of them does not list."""
    for path, tree in sources().items():
        for node in ast.walk(tree) if "cli" not in path.parts else ():  # whose options describe themselves
            doc = ast.get_docstring(node) or "" if isinstance(node, NAMED[2:]) else ""
            if isinstance(node, NAMED[2:]) and "Parameters\n---" in doc:
                names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                for name in {*names} - {"self", "cls"} - listed_parameters(doc):
                    yield f"{path.relative_to(SOURCE)} {node.name} {name}"


def public():
    """Names, callables and their docstrings, those of methods with what they override."""
    for room in map(importlib.import_module, (f"mho.{room}" for room in ROOMS)):
        things: list[tuple[str, Any]] = [(name, getattr(room, name)) for name in room.__all__]
        for name, thing in things:
            if inspect.isfunction(thing) or (inspect.isclass(thing) and not issubclass(thing, Exception)):
                yield name, thing, inspect.getdoc(thing) or ""
            for method in dir(thing) if inspect.isclass(thing) else ():
                value = getattr(thing, method)
                written = inspect.isfunction(getattr(value, "__func__", value)) and "mho" in value.__module__
                if written and not method.startswith("_"):
                    bases = [base for base in inspect.getmro(thing) if method in vars(base)]
                    docs = [inspect.getdoc(vars(base)[method]) or "" for base in bases]
                    yield f"{name}.{method}", value, "\n".join(docs)


def arguments_without_a_word():
    """Arguments of the public interface that no docstring names, listed or in a sentence."""
    for name, thing, doc in public():
        for argument in inspect.signature(thing).parameters:
            if argument not in ("self", "cls") and not re.search(rf"\b{argument}\b", doc):
                yield f"{name} {argument}"


@cache
def found():
    docs = list(docstrings())
    assert len(docs) > 1500
    empty = {f"empty {name} {parameter}" for name, doc in docs for parameter in empty_parameters(doc)}
    clauses = {f"clause {name}" for name, doc in docs if opens_with_a_clause(doc)}
    left_out = {f"left out {name}" for name in arguments_left_out()}
    unnamed = {f"unnamed {name}" for name in arguments_without_a_word()}
    return empty | clauses | left_out | unnamed | {f"example {name}" for name in classes_without_example()}


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
    assert listed_parameters(doc) == {"a", "b", "c", "d"}


def test_nothing_is_found_but_what_is_listed():
    assert found() - LISTED == set()


def test_the_list_only_shrinks():
    """What is mended leaves the list: `LISTED - found()` names it."""
    assert LISTED - found() == set()
