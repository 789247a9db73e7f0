"""The sizes that a word on the command line stands for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mho.cost import Workload

__all__ = ["stands_for_sizes", "workload_named"]

_IMAGE = re.compile(r"(\d{1,15})[xX×](\d{1,15})")


def stands_for_sizes(name: str) -> bool:
    """Return whether a name is that of a data set or of an image's size, not of a file."""
    from mho.cost import WORKLOADS

    return name in WORKLOADS or _IMAGE.fullmatch(name) is not None


def workload_named(name: str, *, k: int, layout: str) -> Workload:
    """Return the sizes of a named data set, of an image ROWSxCOLUMNS, or of the matrix in a file.

    Parameters
    ----------
    name : str
        Of a data set or a file, or ROWSxCOLUMNS.
    k : int
        Number of components.
    layout : {"matrix", "triplets"}
        What a line of a table in a file is.

    Raises
    ------
    ValueError
        It is none of these.
    """
    from mho.cost import WORKLOADS, Workload

    if name in WORKLOADS:
        return replace(WORKLOADS[name], k=k)
    if image := _IMAGE.fullmatch(name):
        m, n = map(int, image.groups())
        return Workload(m=m, n=n, k=k)
    if Path(name).exists():
        return _of_file(Path(name), k, layout)
    raise ValueError(
        f"WORKLOAD must be one of {', '.join(map(repr, WORKLOADS))}, an image as 512x512, or a file, got {name!r}"
    )


def _of_file(path: Path, k: int, layout: str) -> Workload:
    from mho.cost import Workload
    from mho.data import read_matrix

    return Workload.of(read_matrix(path, layout=layout), k=k)
