"""Measuring claims, one after the other."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mho import checks
from mho.reproduce.claims import Claim, claims

__all__ = ["Outcome", "reproduce"]


@dataclass(frozen=True)
class Outcome:
    """A claim and what was measured.

    Attributes
    ----------
    claim : Claim
        The claim.
    value : float or None
        Its figure; None: not measured.
    seconds : float
        Time that it took.
    why_not : str
        Why it was not measured.

    Examples
    --------
    >>> from mho.reproduce import reproduce
    >>> [outcome.holds for outcome in reproduce(["nnls-exact"])]
    [True]
    """

    claim: Claim
    value: float | None
    seconds: float
    why_not: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the figure lies in the interval; None: not measured."""
        return None if self.value is None else self.claim.holds(self.value)


def reproduce(names: Sequence[str] = ()) -> Iterator[Outcome]:
    """Measure claims.

    Parameters
    ----------
    names : sequence of str
        Some of `claims()`; none: all.

    Yields
    ------
    Outcome
        As soon as each is there.

    Raises
    ------
    ValueError
        A name that is no claim's.
    """
    known = claims()
    for name in names:
        checks.one_of(name, "NAME", tuple(known))
    return (_measured(known[name]) for name in names or known)


def _measured(claim: Claim) -> Outcome:
    from mho.reproduce.figures import FIGURES

    if missing := _missing(claim.needs):
        return Outcome(claim, None, 0.0, missing)
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of loops that end after so many iterations, as they are meant to
        value = FIGURES[claim.name]()
    return Outcome(claim, float(value), time.perf_counter() - begun)


def _missing(needs: str) -> str:
    if needs == "ngspice":
        from mho.spice import available

        return "" if available() else "ngspice is not installed"
    if needs == "image":
        from importlib.util import find_spec

        return "" if find_spec("PIL") else "needs pip install 'mho[image]'"
    return ""
