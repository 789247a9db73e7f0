"""Design of a chip: converters, amplifiers, array and operation around its cells, as one frozen description.

docs/learn/chip.md derives what they do and says which of it is published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Self

import numpy as np

from mho import checks
from mho.chip.bit_slices import MOST_BITS
from mho.chip.devices import Measured
from mho.chip.devices.device import Device
from mho.circuits.opamp import CLAMPS, OUTPUTS, both_or_none
from mho.circuits.wires import Wires
from mho.units import AMPERES, FARADS, HERTZ, KELVIN, OHMS, SECONDS, VOLTS

USES = {
    "compact": "least squares",
    "classic": "least squares",
    "gram": "least squares",
    "mvm": "product",
    "inv": "inverse",
    "egv": "eigenvector",
}
"""Use of each topology: non-negative least squares (`ProgrammedArray.solve`), products with the matrix
(`ProgrammedProduct.multiply`), systems of equations (`ProgrammedInverse.solve`), the eigenvector of the largest
eigenvalue (`ProgrammedEigenvector.eigenvector`)."""

CLOSED_LOOPS = tuple(name for name, use in USES.items() if use == "least squares")
"""Topologies that a `Chip` solves least squares in: `mho.chip.TOPOLOGY_NOTES` has what they do."""

WIRED = ("compact", "classic", "gram", "mvm")
"""Topologies whose wires may have resistance."""

_DENSE_ALONE = "takes vectors of numbers that are all known and dense: fill what is missing, or take X.toarray()"

REFUSED_OPERANDS = {
    ("gram", "missing"): (
        "the Gram circuit cannot leave entries of a right-hand side out: A'A would be another matrix for each; take "
        "the topology 'compact' or 'classic'"
    ),
    **{(name, kind): f"{name!r} {_DENSE_ALONE}" for name in ("mvm", "inv") for kind in ("sparse", "missing")},
    **{("egv", kind): "'egv' takes no right-hand side: ask for its eigenvector" for kind in ("dense", "sparse")},
    ("egv", "missing"): "'egv' takes no right-hand side: ask for its eigenvector",
}
"""Refusals by topology and kind of right-hand side (dense, sparse, missing), each with its reason; no others."""

REFUSED_MATRICES = {
    ("gram", "wide"): (
        "the Gram circuit cannot hold a matrix of fewer rows than columns in cells with errors: A'A has no inverse, "
        "and the errors make some of its eigenvalues negative, so that the loop runs away; add a ridge "
        "(penalty=Penalty(l2=...)), or take the topology 'compact' or 'classic'"
    )
}
"""Refusals by topology and kind of matrix of least squares, each with its reason; no others."""

__all__ = [
    "CLOSED_LOOPS",
    "REFUSED_MATRICES",
    "REFUSED_OPERANDS",
    "USES",
    "Amplifier",
    "ArrayGeometry",
    "ChipDesign",
    "Converters",
    "Operation",
    "parts",
]

_MOST_BITS = 12


@dataclass(frozen=True, kw_only=True)
class Converters:
    """Digital-to-analogue converters at the rows, analogue-to-digital converters at the columns.

    Attributes
    ----------
    dac_bits, adc_bits : int or None
        Resolution, sign included for the DAC; None: no quantisation.
    v_in : float
        Full scale of a row voltage, volts: inputs lie in [-v_in, v_in].
    v_out : float
        Full scale of an output, volts, and how far from ground the op-amps of reference columns swing. Right-hand sides
        for which an output would go beyond are scaled down and solved again.
    adc_ranges : int
        The ADC's reference can be halved this many times, so that small answers keep their digits.
    full_scale : {"vector", "batch"}
        Range of the converters. Vector: one for each right-hand side, so that its largest entry is at full scale.
        Batch: one for all that are solved together, as a converter with a fixed reference has.
    inl : float
        Standard deviation, over the converters, of how far the middle of the characteristic is from the straight line,
        in steps (LSB).
    dnl : float
        Standard deviation of the width of a step, in steps (LSB). Widths are independent, so that the middle of n steps
        is off by half of dnl sqrt(n).
    conversion_noise : float
        Standard deviation of each conversion, volts at the DAC's output or the ADC's input.

    Examples
    --------
    >>> from mho.chip import Converters
    >>> converters = Converters(dac_bits=8, adc_bits=10)
    >>> converters.v_in, converters.adc_bits
    (0.2, 10)
    """

    dac_bits: int | None = None
    adc_bits: int | None = None
    v_in: float = field(default=0.2, metadata=VOLTS)
    v_out: float = field(default=0.2, metadata=VOLTS)
    adc_ranges: int = 4
    full_scale: str = "vector"
    inl: float = 0.0
    dnl: float = 0.0
    conversion_noise: float = field(default=0.0, metadata=VOLTS)

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        for name in ("dac_bits", "adc_bits"):
            bits = getattr(self, name)
            if bits is not None and checks.positive_int(bits, name, limit=24) < 2:
                raise ValueError(f"{name} must be at least 2, got {bits}")
        checks.positive_number(self.v_in, "v_in")
        checks.positive_number(self.v_out, "v_out")
        checks.nonnegative_int(self.adc_ranges, "adc_ranges")
        checks.one_of(self.full_scale, "full_scale", ("vector", "batch"))
        for name in ("inl", "dnl", "conversion_noise"):
            checks.nonnegative_number(getattr(self, name), name)
        if self.inl or self.dnl:
            self._check_characteristic()

    def _check_characteristic(self) -> None:
        """Every code of every converter is held in memory."""
        for name in ("dac_bits", "adc_bits"):
            bits = getattr(self, name)
            if bits is not None and bits > _MOST_BITS:
                raise ValueError(f"{name} must be at most {_MOST_BITS} where inl or dnl is above 0, got {bits}")
        if self.dac_bits is None and self.adc_bits is None:
            raise ValueError("inl and dnl are errors of steps: they need dac_bits or adc_bits, got None for both")


@dataclass(frozen=True, kw_only=True)
class Amplifier:
    """An operational amplifier of one pole, or of two.

    Attributes
    ----------
    gain : float
        Open-loop gain at rest; infinity is allowed.
    bandwidth : float
        Gain-bandwidth product, hertz.
    offset : float
        Standard deviation of the input offset, volts; drawn once for each op-amp of a chip.
    current_limit : float
        The most that an output delivers, amperes; infinity is allowed. Right-hand sides that need more are scaled down
        and solved again.
    clamp : {"rectifying", "single-supply"}
        What an op-amp does that would have to go below zero. Rectifying: a diode path holds its input at virtual
        ground, which gives non-negative least squares. Single-supply: its output stays at the lower rail and its input
        floats, which gives the same conditions in another metric.
    output : {"nonnegative", "signed", "switched"}
        Sign of the answer. Signed: supplies of either sign and no clamp, for least squares without a constraint.
        Switched: non-negative answers, and a switch at each clamp that takes it out or holds the output at zero, for
        `ProgrammedArray.correct`.
    second_pole : float
        Of the output stage, hertz; infinity: none. `mho.circuits.least_second_pole` has what a loop needs.
    output_ohms, load_farads : float
        Resistance of each output, and capacitance of the wire of the column that it drives: one more pole. Both or
        none.

    Examples
    --------
    >>> from mho.chip import Amplifier, preset
    >>> preset("ideal").with_(gain=1e5, offset=1e-4).amplifier == Amplifier(gain=1e5, offset=1e-4)
    True
    """

    gain: float = 1e4
    bandwidth: float = field(default=100e6, metadata=HERTZ)
    offset: float = field(default=0.0, metadata=VOLTS)
    current_limit: float = field(default=np.inf, metadata=AMPERES)
    clamp: str = "rectifying"
    output: str = "nonnegative"
    second_pole: float = field(default=np.inf, metadata=HERTZ)
    output_ohms: float = field(default=0.0, metadata=OHMS)
    load_farads: float = field(default=0.0, metadata=FARADS)

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        checks.at_least(self.gain, "gain", 1, strict=True)
        checks.positive_number(self.bandwidth, "bandwidth")
        checks.nonnegative_number(self.offset, "offset")
        checks.at_least(self.current_limit, "current_limit", 0, strict=True)
        checks.at_least(self.second_pole, "second_pole", 0, strict=True)
        checks.nonnegative_number(self.output_ohms, "output_ohms")
        checks.nonnegative_number(self.load_farads, "load_farads")
        both_or_none(self.output_ohms, self.load_farads)
        checks.one_of(self.clamp, "clamp", CLAMPS)
        checks.one_of(self.output, "output", (*OUTPUTS, "switched"))


@dataclass(frozen=True, kw_only=True)
class ArrayGeometry:
    """Topology and size of the arrays; a taller matrix is spread over tiles that share the column nodes.

    Attributes
    ----------
    topology : {"compact", "classic", "gram", "mvm", "inv", "egv"}
        Circuit around the arrays. Compact: floating rows, an op-amp on each column, row compensation. Classic: op-amps
        on rows and columns. Gram: A'A in one array; the products A'A and A'b are formed digitally. The others solve no
        least squares (`USES`): product with a matrix, inverse and eigenvector of a square one.
    rows, columns : int
        Cells of one array.
    entries : {"nonnegative", "signed"}
        Sign of matrices. Signed: in the compact circuit zero is the middle of the cells' range, which a reference
        column in each array and two op-amps take out; in a product, an inverse and an eigenvector, which takes either
        sign always, each entry has a pair of cells.
    slices : int
        Pairs of cells that hold one entry of a product or an inverse, most significant bits first.
    bits_per_cell : int or None
        Bits of an entry in each of them, in so many equally spaced states that the device's `levels` are not used;
        None: no bit slices.
    input_ratio : float
        Input conductance of a row, in full cells (`g_max`), where least squares are solved. A larger one makes larger
        outputs, beside which offsets are small.
    fill : float
        Share of the cells' range that the largest entry of a column takes where least squares are solved. Half of it
        halves what the resistance of wires and bus does, and doubles what levels and errors of cells do.
    off_state : {"none", "digital", "circuit"}
        What is done about zeros of the matrix whose cells conduct `g_min`. Digital: what an answer sends through them
        is added to the right-hand side, which is solved once more. Circuit: one more column of cells in each array and
        two op-amps take it out (`mho.circuits.reference_amplifiers`).
    switched_wires : {"exact", "first-order"}
        How resistance of the wires is taken into account where a right-hand side has only some rows switched on, each
        set of rows being a network of its own. First order in the columns' resistance takes about half the time;
        `mho.circuits.first_order_wires` derives it, docs/learn/chip.md states its error. Row tiles are exact always.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> from mho.chip import preset
    >>> chip = Chip(preset("ideal").with_(rows=64))
    >>> programmed = chip.program(np.ones((130, 2)) + np.eye(130, 2))
    >>> chip.ledger.tiles
    3
    """

    topology: str = "compact"
    rows: int = 128
    columns: int = 128
    entries: str = "nonnegative"
    off_state: str = "none"
    switched_wires: str = "exact"
    slices: int = 1
    bits_per_cell: int | None = None
    input_ratio: float = 1.0
    fill: float = 1.0

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        checks.one_of(self.topology, "topology", tuple(USES))
        checks.positive_int(self.rows, "rows")
        checks.positive_int(self.columns, "columns")
        checks.one_of(self.off_state, "off_state", ("none", "digital", "circuit"))
        checks.one_of(self.switched_wires, "switched_wires", ("exact", "first-order"))
        checks.one_of(self.entries, "entries", ("nonnegative", "signed"))
        if self.fill > 1:
            raise ValueError(f"fill must be at most 1, got {self.fill:g}")
        for name in ("input_ratio", "fill"):
            value = checks.positive_number(getattr(self, name), name)
            if value != 1 and self.topology not in CLOSED_LOOPS:
                raise ValueError(
                    f"{name} must be 1 where no least squares are solved, got {value:g} with {self.topology!r}"
                )
        self._check_signs()
        self._check_slices()

    @property
    def pairs(self) -> bool:
        """Whether each entry has a pair of cells, for either sign."""
        return self.topology in ("inv", "egv") or (
            self.topology == "mvm" and (self.entries == "signed" or self.bits_per_cell is not None)
        )

    def _check_signs(self) -> None:
        compact_alone = self.topology in ("classic", "gram") or self.off_state == "digital"
        if self.entries == "signed" and compact_alone:
            raise ValueError(
                "entries must be 'nonnegative' for least squares but in the topology 'compact' with off_state 'none' "
                f"or 'circuit', got 'signed' with {self.topology!r} and {self.off_state!r}: other circuits hold no "
                "reference columns"
            )
        if self.off_state == "circuit" and self.topology != "compact":
            raise ValueError(
                "off_state must be 'none' or 'digital' where the topology has no reference columns, got 'circuit' with "
                f"{self.topology!r}"
            )
        if self.off_state == "digital" and self.topology not in CLOSED_LOOPS:
            raise ValueError(
                f"off_state must be 'none' where no least squares are solved, got 'digital' with {self.topology!r}"
            )

    def _check_slices(self) -> None:
        slices = checks.positive_int(self.slices, "slices")
        if self.bits_per_cell is None:
            if slices > 1:
                raise ValueError(f"slices must be 1 where bits_per_cell is not given, got {slices}")
            return
        bits = checks.positive_int(self.bits_per_cell, "bits_per_cell", limit=8)
        if self.topology not in ("mvm", "inv"):
            raise ValueError(
                f"bits_per_cell must be None but in the topologies 'mvm' and 'inv', got {bits} with {self.topology!r}"
            )
        if slices * bits > MOST_BITS:
            raise ValueError(f"slices times bits_per_cell must be at most {MOST_BITS}, got {slices} times {bits}")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Conditions of use: age, temperature, time of a read.

    Attributes
    ----------
    age : float
        Time that passes between writing a matrix and solving with it, seconds.
    kelvin : float
        Temperature while solving, kelvin.
    integration : float
        Time over which a read averages, seconds; read noise depends on it.

    Examples
    --------
    >>> from mho.chip import preset
    >>> preset("neurram").with_(age=86400.0, kelvin=320.0).operation
    Operation(age=86400.0, kelvin=320.0, integration=1e-06)
    """

    age: float = field(default=0.0, metadata=SECONDS)
    kelvin: float = field(default=300.0, metadata=KELVIN)
    integration: float = field(default=1e-6, metadata=SECONDS)

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        checks.nonnegative_number(self.age, "age")
        checks.positive_number(self.kelvin, "kelvin")
        checks.positive_number(self.integration, "integration")


@dataclass(frozen=True, kw_only=True)
class ChipDesign:
    """Everything that is decided before a chip is made; by default the compact circuit (Luo-2023).

    Attributes
    ----------
    name : str
        How results refer to it.
    device : Device
    converters : Converters
    amplifier : Amplifier
    array : ArrayGeometry
    wires : Wires
    operation : Operation

    Examples
    --------
    >>> from mho.chip import ChipDesign, Converters, Device, preset
    >>> design = ChipDesign(name="mine", device=Device(g_min=1e-6, g_max=40e-6), converters=Converters(adc_bits=8))
    >>> design.with_(levels=16).device.levels, preset("pku-2025").device.levels
    (16, 8)
    >>> print(preset("ideal").with_(gain=1e5))  # what differs from the default
    ideal: g_min=0.0, g_max=3.5e-05, gain=100000.0
    """

    name: str
    device: Device
    converters: Converters = field(default_factory=Converters)
    amplifier: Amplifier = field(default_factory=Amplifier)
    array: ArrayGeometry = field(default_factory=ArrayGeometry)
    wires: Wires = field(default_factory=Wires)
    operation: Operation = field(default_factory=Operation)

    def __post_init__(self) -> None:
        self._check_outputs()
        if self.wires.tile_rows is not None and self.topology != "compact":
            raise ValueError(
                f"tile_rows must be None but in the topology 'compact', got {self.wires.tile_rows} with "
                f"{self.topology!r}"
            )
        if self.wires and self.topology not in WIRED:
            raise ValueError(
                f"wires must be perfect in the topology {self.topology!r}, got {self.wires}: resistance is modelled in "
                + ", ".join(map(repr, WIRED))
            )

    def _check_outputs(self) -> None:
        array = self.array
        columns = array.entries == "signed" or array.off_state == "circuit"
        if self.amplifier.output_ohms and (columns or array.topology not in ("compact", "gram")):
            raise ValueError(
                f"output_ohms must be 0 in the topology {array.topology!r} with entries {array.entries!r} and "
                f"off_state {array.off_state!r}, got {self.amplifier.output_ohms:g}: behind a chip the compact circuit "
                "without reference columns and the Gram circuit have it; mho.circuits has the classic one too"
            )

    def __str__(self) -> str:
        """Return the name, and the values that differ from the default."""
        unlike = [text for _, part in parts(self) if part is not self for text in _unlike_default(part)]
        return f"{self.name}: {', '.join(unlike)}"

    @property
    def topology(self) -> str:
        """Circuit around the arrays, one of `USES`."""
        return self.array.topology

    def check_least_squares(self, name: str) -> None:
        """Refuse a design whose topology solves no least squares; `name` is what the caller calls it.

        Raises
        ------
        ValueError
            It solves none.
        """
        if self.topology not in CLOSED_LOOPS:
            raise ValueError(
                f"{name} must solve least squares, got topology {self.topology!r} ({USES[self.topology]}): take "
                f"{', '.join(map(repr, CLOSED_LOOPS))}, or use it by Chip(design).program(A)"
            )

    def with_(self, **changes: Any) -> Self:
        """Return a design with some values changed, whichever part they belong to.

        Parameters
        ----------
        **changes
            Fields of any part, or of a part of the device: ``with_(levels=16, gain=1e5, stuck_low=0.01)``.

        Raises
        ------
        ValueError
            No part has such a field, or not such a value.
        """
        known = {f.name for _, part in parts(self) for f in fields(part)} - {"name", *(name for name, _ in parts(self))}
        for key in changes:
            if key not in known:
                raise ValueError(f"{key!r} is no property of a chip design; there are: {', '.join(sorted(known))}")
        return _changed(self, changes)


def parts(whole: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts that something is made of, and theirs, by name; a measured law is a value, not a part.

    Parameters
    ----------
    whole : dataclass
        It comes last, as "chip".
    """
    for name, part in _own(whole):
        yield from ((name if inner == "chip" else inner, value) for inner, value in parts(part))
    yield "chip", whole


def _unlike_default(part: Any) -> Iterator[str]:
    """Yield the fields of a part that are no parts themselves and not as they come, as they are given."""
    inner = {name for name, _ in _own(part)}
    for f in fields(part):
        value = getattr(part, f.name)
        if f.name not in inner and value != f.default:
            yield f"{f.name}={value if isinstance(value, Measured) else repr(value)}"


def _own(whole: Any) -> Iterator[tuple[str, Any]]:
    for f in fields(whole):
        value = getattr(whole, f.name)
        if is_dataclass(value) and not isinstance(value, Measured):
            yield f.name, value


def _changed(whole: Any, changes: dict[str, Any]) -> Any:
    inner = {name: _changed(part, changes) for name, part in _own(whole)}
    own = {f.name: changes[f.name] for f in fields(whole) if f.name in changes}
    return replace(whole, **inner | own)
