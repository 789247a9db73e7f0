"""The report: one HTML file that needs no other."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from mho import __version__
from mho.data import replacing
from mho.demo import films_section, photo_section
from mho.demo.results import Results

__all__ = ["render", "write"]


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
        **photo_section.fields(results),
        **films_section.fields(results),
    )


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
