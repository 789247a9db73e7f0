"""What a chip is made of, as one frozen description.

Section numbers in brackets refer to the project's reference sheet on analogue matrix computing; docs/chip.md lists
the sources behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Self

from mho.chip.components import Amplifier, Array, Converters, Operation
from mho.chip.device import Device
from mho.chip.laws import Measured
from mho.spice import Wires

__all__ = ["ChipDesign", "parts"]


@dataclass(frozen=True, kw_only=True)
class ChipDesign:
    """Everything that is decided before a chip is made; the compact circuit with conductance compensation [2.4].

    Attributes
    ----------
    name : str
        How results refer to it.
    device : Device
    converters : Converters
    amplifier : Amplifier
    array : Array
    wires : Wires
    operation : Operation
    """

    name: str
    device: Device
    converters: Converters = field(default_factory=Converters)
    amplifier: Amplifier = field(default_factory=Amplifier)
    array: Array = field(default_factory=Array)
    wires: Wires = field(default_factory=Wires)
    operation: Operation = field(default_factory=Operation)

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


def _own(whole: Any) -> Iterator[tuple[str, Any]]:
    for f in fields(whole):
        value = getattr(whole, f.name)
        if is_dataclass(value) and not isinstance(value, Measured):
            yield f.name, value


def _changed(whole: Any, changes: dict[str, Any]) -> Any:
    inner = {name: _changed(part, changes) for name, part in _own(whole)}
    own = {f.name: changes[f.name] for f in fields(whole) if f.name in changes}
    return replace(whole, **inner | own)
