"""The table of claims."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Claim", "claims", "digest"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A public claim and the interval in which its figure has to lie.

    Attributes
    ----------
    name : str
        As the command line has it.
    says : str
        The claim, a sentence.
    pages : tuple of str
        Pages that make it.
    unit : str
        Of the figure.
    low, high : float
        Ends of the interval, both within.
    seconds : float
        About what measuring takes on one core.
    needs : str
        What has to be installed beside mho; empty: nothing.
    published : str
        The figure that others have published; empty: it is this project's own.

    Examples
    --------
    >>> from mho.reproduce import claims
    >>> claims()["nnls-exact"].holds(1e-15)
    True
    """

    name: str
    says: str
    pages: tuple[str, ...]
    unit: str
    low: float
    high: float
    seconds: float
    needs: str = ""
    published: str = ""

    def holds(self, value: float) -> bool:
        """Return whether the interval has a value."""
        return self.low <= value <= self.high


@cache
def claims() -> dict[str, Claim]:
    """Return all claims by name, in the order in which they are measured."""
    table = tomllib.loads(_source("claims.toml").decode())
    return {name: Claim(name=name, **row | {"pages": tuple(row["pages"])}) for name, row in table.items()}


def digest() -> str:
    """Return a digest of the claims and of the way they are measured, which a record of figures carries."""
    from hashlib import sha256

    return sha256(b"".join(map(_source, ("claims.toml", "figures.py", "field.py")))).hexdigest()[:16]


def _source(name: str) -> bytes:
    return files("mho.reproduce").joinpath(name).read_bytes()
