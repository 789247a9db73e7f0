"""The published ratios, and for which assumptions the model comes to them, in words and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from mho.cli.tables import columns, wrapped

if TYPE_CHECKING:
    from mho.cost import Case, Claim, Cost, Verdict

__all__ = ["case_rows", "end_rows", "every_verdict", "headline", "holding", "verdict_sentence"]

COUNTED = "all counted"
"""The case that leaves nothing out."""

_UNKNOWN = (
    "Not known: the article's baselines, rank, iterations, number of solvers, circuit and converters, and whether "
    "writing is counted. Both circuits are simulated."
)


def every_verdict(claim: Claim, cases: tuple[Case, ...], costs: Mapping[str, Cost], *, most: int) -> list[Verdict]:
    """Return the verdicts at all ends of the assumptions.

    Parameters
    ----------
    claim : Claim
        The published pair of ratios.
    cases : tuple of Case
        Ways to count.
    costs : mapping of str to Cost
        Of each platform.
    most : int
        Solvers that have work.
    """
    from mho.cost import ENDS, verdicts

    return [v for end in ENDS for v in verdicts(claim, cases, costs, most=most, end=end)]


def headline(claim: Claim, found: list[Verdict]) -> str:
    """Return the verdicts on a published claim under all assumptions, as tables.

    Parameters
    ----------
    claim : Claim
        The published pair of ratios.
    found : list of Verdict
        As `every_verdict` returns them.
    """
    about = (
        f"Published: {claim.faster:g} times faster at 1/{claim.saving:,.0f} of the energy of {claim.against}, so at "
        f"1/{claim.power_ratio:.0f} of its power. Below: solvers that are {claim.faster:g} times faster / energy of "
        "the platform over theirs; * where both ratios are met."
    )
    tables = [columns(end_rows(found)), *(columns(case_rows(found, names)) for names in _halves(found))]
    return "\n\n".join((wrapped(about), *tables, wrapped(_UNKNOWN)))


def verdict_sentence(claim: Claim, found: list[Verdict]) -> str:
    """Return a sentence of the platforms against which a claim holds at each end of the assumptions.

    Parameters
    ----------
    claim : Claim
        The published pair of ratios.
    found : list of Verdict
        All of them.
    """
    published = [v for v in found if v.baseline != "this CPU"]
    held = {end: _against(holding(published, end)) for end in ("kindest", "typical", "unkindest")}
    pair = f"the published {claim.faster:g}x at 1/{claim.saving:,.0f} of the energy, writing and memory counted,"
    if set(held.values()) == {"none"}:
        return f"{pair} holds against none of these platforms at any end of the assumptions."
    return (
        f"{pair} holds against {held['kindest']} at the kindest end of the assumptions, against {held['typical']} at "
        f"typical values, against {held['unkindest']} at the unkindest end."
    )


def holding(found: Iterable[Verdict], end: str, case: str = COUNTED) -> list[Verdict]:
    """Return the verdicts of a case and end that hold.

    Parameters
    ----------
    found : iterable of Verdict
        All of them.
    end, case : str
        Name of the end, one of `ENDS`, and of the case.
    """
    return [v for v in found if (v.case, v.end) == (case, end) and v.holds]


def end_rows(found: list[Verdict], case: str = COUNTED) -> list[tuple[str, ...]]:
    """Return a row for each platform with everything counted, a column for each end, a header first."""
    ends = tuple(dict.fromkeys(v.end for v in found))
    return [(case, *ends), *_rows([v for v in found if v.case == case], lambda v: v.end, ends)]


def case_rows(found: list[Verdict], cases: tuple[str, ...], end: str = "typical") -> list[tuple[str, ...]]:
    """Return a row for each platform, a column for each case at one end, a header first."""
    return [(f"{end} values", *cases), *_rows([v for v in found if v.end == end], lambda v: v.case, cases)]


def _rows(found: list[Verdict], key: Callable[[Verdict], str], wanted: tuple[str, ...]) -> list[tuple[str, ...]]:
    cells = {(v.baseline, key(v)): _cell(v) for v in found}
    return [(name, *(cells[name, one] for one in wanted)) for name in dict.fromkeys(v.baseline for v in found)]


def _halves(found: list[Verdict]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    cases = tuple(case for case in dict.fromkeys(v.case for v in found) if case != COUNTED)
    return cases[:4], cases[4:]


def _cell(verdict: Verdict) -> str:
    solvers = "none" if verdict.solvers is None else f"{verdict.solvers:,}"
    saving = float(f"{verdict.saving:.3g}")
    return f"{solvers} / {saving:,g}{' *' if verdict.holds else ''}" if saving < 1e6 else f"{solvers} / {saving:.3g}"


def _against(held: list[Verdict]) -> str:
    named = [f"{v.baseline} ({v.solvers:,} solver{'s' if v.solvers != 1 else ''})" for v in held]
    return " and ".join(filter(None, (", ".join(named[:-1]), *named[-1:]))) or "none"
