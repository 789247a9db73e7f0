"""Lines of code of packages or files, without docstrings, comments and blank lines.

Use: ``python scripts/count_code.py src/mho/chip src/mho/spice src/mho/circuits``.
"""

from __future__ import annotations

import ast
import sys
import tokenize
from pathlib import Path

_SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
_SILENT |= {tokenize.ENDMARKER}


def code_lines(path: Path) -> int:
    """Return how many lines of one file hold code.

    Parameters
    ----------
    path : Path
    """
    with path.open("rb") as file:
        tokens = [token for token in tokenize.tokenize(file.readline) if token.type not in _SILENT]
    lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - _docstring_lines(ast.parse(path.read_text(encoding="utf-8"))))


def _docstring_lines(tree: ast.AST) -> set[int]:
    """Lines of every string that stands as a statement: docstrings, and those after an attribute or a constant."""
    strings = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return {line for node in strings for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def main(arguments: list[str]) -> None:
    """Print the count of each argument, and their sum."""
    total = 0
    for argument in map(Path, arguments):
        files = [argument] if argument.is_file() else sorted(argument.rglob("*.py"))
        lines = sum(map(code_lines, files))
        total += lines
        print(f"{lines:6,} {argument} ({len(files)} files)")
    print(f"{total:6,} in all")


if __name__ == "__main__":
    main(sys.argv[1:])
