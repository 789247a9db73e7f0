"""The report: one HTML file that needs no other."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from mho import __version__
from mho.cost import ANSWER_PLATFORMS, USES, Duty, answers_bill, drift_or_update
from mho.data import replacing
from mho.demo import films_section, photo_section
from mho.demo.results import Results

__all__ = ["render", "write"]

_USES = {"vibration": "a window of vibration", "visitor": "a visitor's list"}
_CELLS = "cmo-hfox"
"""Cells whose drift is published."""


def write(results: Results, out: Path | str) -> Path:
    """Write ``index.html`` into an existing folder and return its path."""
    path = Path(out) / "index.html"
    with replacing(path) as temporary:
        temporary.write_text(render(results), encoding="utf-8")
    return path


def render(results: Results) -> str:
    """Return the page."""
    folder = files("mho.demo")
    page = Template(folder.joinpath("page.html").read_text(encoding="utf-8"))
    return page.substitute(
        style=folder.joinpath("page.css").read_text(encoding="utf-8"),
        version=__version__,
        seed=results.seed,
        passes=results.passes,
        chip_text=_chip_text(results),
        uses_text=_uses_text(),
        **photo_section.fields(results),
        **films_section.fields(results),
    )


def _uses_text() -> str:
    """Other uses, which program once: a sentence of why they differ, and one of what they take."""
    said = ", and ".join(f"{_beside(name)} for {what}" for name, what in _USES.items())
    return (
        "Both demonstrations write a matrix anew for every half-sweep. Programmed once and asked often, at the "
        f"rewrites that drift and new models ask for, the simulated chip takes {said}, typical values (<code>mho cost "
        f"{next(iter(_USES))}</code> has the ranges and the sources)."
    )


def _beside(name: str) -> str:
    """Energy of an answer over that of what would answer otherwise, in words."""
    use = USES[name]
    often = drift_or_update(_CELLS, use.kept_within, updates=use.updates_per_day)
    duty = Duty(answers_per_day=use.answers_per_day, rewrites=often)
    other = ANSWER_PLATFORMS[use.beside].cost(use.run.work)
    ratio = answers_bill(use.run, duty).joules.typical / other.joules.typical
    share = f"1/{1 / ratio:.0f} of" if ratio < 1 else f"{ratio:.1f} times"
    return f"{share} the energy of a {use.beside.replace('phone, small core', 'small core of a phone')}"


def _chip_text(results: Results) -> str:
    device, converters = results.design.device, results.design.converters
    levels = "cells of any conductance" if device.levels is None else f"cells of {device.levels} levels"
    bits = ", ".join(
        f"{kind} converters {'without rounding' if n is None else f'of {n} bits'}"
        for kind, n in (("input", converters.dac_bits), ("output", converters.adc_bits))
    )
    gain = results.design.amplifier.gain
    return (
        f"{levels} from {device.g_min * 1e6:g} to {device.g_max * 1e6:g} µS, a programming error of "
        f"{100 * device.sigma:g} % of full scale drawn afresh for every cell at every write, {bits}, amplifiers with "
        f"a gain of {gain:g}."
    )
