"""Names that have moved: for one version the old place gives the new object, with a warning."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["moved", "moved_modules"]

_HOMES = {
    "mho.chip": {"Array": "mho.chip.ArrayGeometry"},
    "mho.chip.topology": {
        "FACTS": "mho.chip.TOPOLOGY_NOTES",
        "TOPOLOGIES": "mho.chip.TOPOLOGIES",
        "Constraint": "mho.penalty.Penalty",
        "Facts": "mho.chip.TopologyNotes",
        "Noise": "mho.circuits.Noise",
        "ProgrammedCircuit": "mho.chip.ProgrammedCircuit",
        "Summary": "mho.chip.TopologySummary",
        "offset_gain": "mho.circuits.offset_gain",
        "output_noise": "mho.circuits.output_noise",
        "program": "mho.chip.program_circuit",
        "regime": "mho.circuits.clamped_equations",
        "steady_state": "mho.circuits.operating_point",
        "summaries": "mho.chip.compare_topologies",
    },
    "mho.chip.transient": {
        "PICTURES": "mho.circuits.transient.PICTURES",
        "Dynamics": "mho.circuits.LoopEquations",
        "Regime": "mho.circuits.transient.Regime",
        "Waveform": "mho.circuits.transient.Waveform",
        "dynamics": "mho.circuits.equations",
        "picture": "mho.circuits.transient.picture",
        "settling_bound": "mho.circuits.transient.settling_bound",
        "settling_time": "mho.circuits.transient.settling_time",
        "transient": "mho.circuits.transient.transient",
    },
    "mho.cost": {
        "Factor": "mho.cost.Term",
        "Range": "mho.cost.Interval",
        "Sum": "mho.cost.Expression",
    },
    "mho.data": {"Coded": "mho.data.Categorical"},
    "mho.spice": {
        "Circuit": "mho.circuits.Circuit",
        "ClassicGinv": "mho.circuits.ClassicGinv",
        "CompactGinv": "mho.circuits.CompactGinv",
        "GramInv": "mho.circuits.GramInv",
        "Mvm": "mho.circuits.Mvm",
        "OpAmp": "mho.circuits.OpAmp",
        "ReferenceColumns": "mho.circuits.ReferenceColumns",
        "Rest": "mho.spice.SettledTransient",
        "StateSpace": "mho.circuits.LoopEquations",
        "Wires": "mho.circuits.Wires",
        "rest": "mho.chip.ngspice_rest",
        "rest_netlist": "mho.spice.operating_point_netlist",
        "time_constant": "mho.circuits.time_constant",
    },
    "mho.sweep": {"Range": "mho.sweep.SweepRange"},
}
"""By old module and old name, the new one, dotted."""


def moved(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module some of whose names live elsewhere now.

    Parameters
    ----------
    module : str
        Its name.
    """
    homes = _HOMES[module]

    def __getattr__(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warnings.warn(f"{module}.{name} is {homes[name]} now", DeprecationWarning, stacklevel=2)
        home, _, new = homes[name].rpartition(".")
        return getattr(import_module(home), new)

    return __getattr__


def moved_modules(*modules: str) -> None:
    """Let modules that are gone be imported, all of their names living elsewhere."""
    for module in modules:
        gone = ModuleType(module, "Names that have moved.")
        gone.__getattr__ = moved(module)  # type: ignore[method-assign]
        sys.modules[module] = gone
