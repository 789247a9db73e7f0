"""Options that several commands of the recommender have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.settings import WholeNumber

__all__ = ["Components", "FittedFile", "Length", "OutFile", "Quiet", "TableFile", "check_components"]

FittedFile = Annotated[Path, Parameter(name="RECOMMENDER")]
"""What `fit` wrote."""

TableFile = Annotated[Path, Parameter(name="TABLE", allow_leading_hyphen=True)]
"""A table of user, item and rating; - is standard input."""

OutFile = Annotated[Path, Parameter(name=("-o", "--out"))]
"""What is written."""

Components = Annotated[WholeNumber | None, Parameter(name=("-k", "--components"))]
"""Number k of components; None for that of the model."""

Length = Annotated[WholeNumber, Parameter(name=("-n", "--length"))]
"""Items of a list."""

Quiet = Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)]
"""Show no progress."""


def check_components(n_components: int | None, items: int | None = None) -> None:
    """Refuse a number of components below one, or above that of the items."""
    from mho import checks

    if n_components is not None:
        checks.positive_int(n_components, "-k", limit=items, what="items")
