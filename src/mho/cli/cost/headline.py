"""What the published ratios ask for, in words and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mho.cli.plain import columns

if TYPE_CHECKING:
    from mho.cost import Case, Claim, Cost, Verdict

__all__ = ["headline"]

_UNKNOWN = """\
Not known: the article's baselines, rank, iterations, number of solvers, circuit and converters, and whether writing is
counted. The classic circuit is scaled from the compact one [2.4]."""


def headline(claim: Claim, cases: tuple[Case, ...], costs: Mapping[str, Cost], *, most: int) -> str:
    """Return for which assumptions a published claim holds.

    Parameters
    ----------
    claim : Claim
    cases : tuple of Case
    costs : mapping of str to Cost
        Of each platform.
    most : int
        Solvers that have work.
    """
    from mho.cost import verdicts

    lines = [
        f"published: {claim.faster:g} times faster at 1/{claim.saving:g} of the energy of {claim.against}, "
        f"so at 1/{claim.power_ratio:.0f} of its power.",
        f"solvers that are {claim.faster:g} times faster / energy of the platform over theirs:",
    ]
    for kindest, title in ((False, "typical values"), (True, "every number kindest to the chip")):
        found = list(verdicts(claim, cases, costs, most=most, kindest=kindest))
        lines += ["", columns([(title, *costs), *(_row(case.name, found) for case in cases)]), _statement(found)]
    return "\n".join((*lines, "", _UNKNOWN))


def _row(case: str, found: list[Verdict]) -> tuple[str, ...]:
    return case, *(f"{_solvers(v)} / {v.saving:.3g}" for v in found if v.case == case)


def _solvers(verdict: Verdict) -> str:
    return "none" if verdict.solvers is None else f"{verdict.solvers:,}"


def _statement(found: list[Verdict]) -> str:
    against: dict[str, list[str]] = {}
    for verdict in found:
        if verdict.holds:
            against.setdefault(verdict.case, []).append(verdict.baseline)
    listed = (f"{case} (against {', '.join(baselines)})" for case, baselines in against.items())
    return f"both hold for: {'; '.join(listed) or 'none of them'}"
