"""Names that have moved are found at their old places, with a warning."""

import importlib

import pytest

MOVED = [
    ("mho.spice", "CompactGinv", "mho.circuits", "CompactGinv"),
    ("mho.spice", "OpAmp", "mho.circuits", "OpAmp"),
    ("mho.spice", "time_constant", "mho.circuits", "time_constant"),
    ("mho.spice", "rest", "mho.chip", "ngspice_rest"),
    ("mho.spice", "rest_netlist", "mho.spice", "operating_point_netlist"),
    ("mho.chip", "Array", "mho.chip", "ArrayGeometry"),
    ("mho.cost", "Range", "mho.cost", "Interval"),
    ("mho.cost", "Factor", "mho.cost", "Term"),
    ("mho.cost", "Sum", "mho.cost", "Expression"),
    ("mho.sweep", "Range", "mho.sweep", "SweepRange"),
    ("mho.chip.topology", "program", "mho.chip", "program_circuit"),
    ("mho.chip.topology", "steady_state", "mho.circuits", "operating_point"),
    ("mho.chip.topology", "FACTS", "mho.chip", "TOPOLOGY_NOTES"),
    ("mho.chip.transient", "transient", "mho.circuits.transient", "transient"),
    ("mho.chip.transient", "dynamics", "mho.circuits", "equations"),
]


@pytest.mark.parametrize(("old", "name", "home", "new"), MOVED)
def test_the_old_name_warns_and_is_the_new_object(old, name, home, new):
    importlib.import_module("mho.chip")
    with pytest.warns(DeprecationWarning, match=f"{old}.{name} is {home}.{new} now"):
        found = getattr(importlib.import_module(old), name)
    assert found is getattr(importlib.import_module(home), new)


def test_a_name_that_never_was_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'mho\.spice' has no attribute 'nothing'"):
        _ = importlib.import_module("mho.spice").nothing
