"""No module imports, over others, itself; imports for the type checker count."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import mho

ROOT = Path(mho.__file__).parent


def modules():
    """Paths of all modules by dotted name."""
    files = ROOT.rglob("*.py")
    return {".".join(("mho", *f.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): f for f in files}


def imported(tree: ast.AST, known) -> Iterator[str]:
    """Names of the modules that a module imports at its top, TYPE_CHECKING included.

    An import inside of a function is there to load something late; what it needs, it needs at run time alone.
    """
    inside = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    for node in ast.walk(tree):
        if node in inside:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in known else node.module for name in names)


def graph(files):
    return {name: set(imported(ast.parse(file.read_text()), files)) & files.keys() for name, file in files.items()}


def circle(edges):
    """The names along a circle of imports, if there is one."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def test_no_module_imports_itself_over_others():
    edges = graph(modules())
    assert len(edges) > 200
    edges["mho"] = set()  # it names the public classes for the type checker; run, it imports nothing
    assert circle(edges) is None


def test_a_circle_for_the_type_checker_alone_is_one():
    files = {"a": "from b import B", "b": "if TYPE_CHECKING:\n    from a import A"}
    edges = {name: set(imported(ast.parse(text), files)) for name, text in files.items()}
    assert circle(edges) is not None
