"""Code that made each result of a benchmark, by its digest: a result that is older than its code is told from others.

The code is the benchmark's own: its script and what that imports from `benchmarks`, but `measure.py` and what writes
pages. Comments, docstrings, annotations and layout do not count. The speed of mho itself is held by `gate.py`, its
figures by tests and `mho reproduce`.
"""

from __future__ import annotations

import ast
import json
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_name("code.json")
KEPT = ("benchmarks", "docs", "src")
ASIDE = frozenset(("measure", "provenance", "report"))


class _Bare(ast.NodeTransformer):
    """Takes away what changes no figure."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.generic_visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def _without_docstring(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        body = getattr(node, "body", [])
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            del body[0]
        return node

    visit_Module = visit_ClassDef = _without_docstring


def digest(script: Path) -> str:
    """Return a digest of a benchmark's code."""
    found = sha256()
    for path in sorted(_files(script)):
        found.update(ast.dump(_Bare().visit(ast.parse(path.read_text("utf-8")))).encode())
    return found.hexdigest()[:16]


def _files(script: Path) -> set[Path]:
    """The script, and modules of its folder and of `benchmarks` that it imports, by whatever way."""
    found, waiting = set(), [script]
    while waiting:
        path = waiting.pop()
        found.add(path)
        for name in _imported(ast.parse(path.read_text("utf-8"))) - ASIDE:
            near = [folder / f"{name}.py" for folder in (script.parent, RECORD.parent)]
            waiting += [other for other in near if other.exists() and other not in found]
    return found


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    return names


def record() -> dict[str, dict[str, str]]:
    """Return the digests of the scripts that made each result, by their paths."""
    return json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}


def note(result: Path, script: Path | None = None) -> None:
    """Record that the code of now made a result.

    Parameters
    ----------
    result : Path
        One that is not kept in the repository is left alone.
    script : Path, optional
        By default that of this process.
    """
    main = script or Path(getattr(sys.modules["__main__"], "__file__", None) or "").resolve()
    if not (main.is_relative_to(RECORD.parent) and any(result.resolve().is_relative_to(ROOT / one) for one in KEPT)):
        return
    rows, name = record(), result.resolve().relative_to(ROOT).as_posix()
    rows[name] = dict(sorted({**rows.get(name, {}), main.relative_to(ROOT).as_posix(): digest(main)}.items()))
    RECORD.write_text(json.dumps(dict(sorted(rows.items())), indent=1) + "\n", "utf-8")


def outdated() -> list[str]:
    """Return a line for each result that other code made than there is now."""
    return [
        f"{result} is older than {script}, which makes it: measure again"
        for result, scripts in record().items()
        for script, then in scripts.items()
        if not (ROOT / script).exists() or digest(ROOT / script) != then
    ]
