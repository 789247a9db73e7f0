"""`mho chip`: commands about the simulated chip, one file each."""

from __future__ import annotations

from cyclopts import App

from mho.cli.chip.chip_yield import EXAMPLES_OF_REQUIRE, EXAMPLES_OF_YIELD, chip_yield, require
from mho.cli.chip.netlist import netlist
from mho.cli.chip.plot import plot
from mho.cli.chip.presets import presets
from mho.cli.chip.serve import serve
from mho.cli.chip.sweep import sweep
from mho.cli.chip.topologies import topologies
from mho.cli.chip.verify import verify

__all__ = ["chip"]

chip = App(name="chip", help="Look at the simulated chip: its designs and how well they do.")
chip.command(netlist)
chip.command(plot)
chip.command(presets)
chip.command(serve)
chip.command(require, help_epilogue=EXAMPLES_OF_REQUIRE)
chip.command(sweep)
chip.command(topologies)
chip.command(verify)
chip.command(chip_yield, name="yield", help_epilogue=EXAMPLES_OF_YIELD)
