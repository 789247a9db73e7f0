"""`mho cost`: what a factorization takes on the modelled chip and on digital platforms."""

from __future__ import annotations

from cyclopts import App

from mho.cli.cost.explain import explain
from mho.cli.cost.show import show

__all__ = ["cost"]

cost = App(name="cost", help="What a factorization takes on the modelled chip and on digital platforms.")
cost.default(show)
cost.command(explain)
