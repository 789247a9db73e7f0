"""Properties that can be swept: those of a chip design, found by looking at the design itself."""

from __future__ import annotations

import inspect
import re
from dataclasses import Field, dataclass, fields
from typing import Any

from mho.chip import ChipDesign
from mho.chip.design import parts

__all__ = ["Property", "properties"]


@dataclass(frozen=True, kw_only=True)
class Property:
    """One value of a chip design.

    Attributes
    ----------
    name : str
        What `ChipDesign.with_` calls it.
    part : str
        Where it belongs: "device", "amplifier" and so on.
    value : object
        In the design that was looked at.
    unit : str
        SI symbol, from the field's metadata; empty for pure numbers.
    whole : bool
        It counts something: whole numbers only.
    meaning : str
        From the part's docstring; empty where docstrings are stripped (``python -OO``).

    Examples
    --------
    >>> from mho.chip import preset
    >>> from mho.sweep import properties
    >>> found = properties(preset("ideal"))["g_max"]
    >>> found.value, found.unit
    (3.5e-05, 'S')
    """

    name: str
    part: str
    value: Any
    unit: str
    whole: bool
    meaning: str


def properties(design: ChipDesign) -> dict[str, Property]:
    """Return every property of a design by name: the fields of its parts, then its own."""
    inner = {name for name, _ in parts(design)} | {"name"}
    return {p.name: p for name, part in parts(design) for p in _described(part, name) if p.name not in inner}


def _described(part: Any, name: str) -> list[Property]:
    texts = _attribute_texts(inspect.getdoc(type(part)) or "")
    return [
        Property(
            name=f.name,
            part=name,
            value=getattr(part, f.name),
            unit=f.metadata.get("unit", ""),
            whole=_whole(f),
            meaning=texts.get(f.name, ""),
        )
        for f in fields(part)
    ]


def _whole(declared: Field) -> bool:
    return "int" in re.findall(r"\w+", str(declared.type))


def _attribute_texts(doc: str) -> dict[str, str]:
    """Text below each name in the numpydoc section Attributes."""
    _, _, section = doc.partition("Attributes\n----------\n")
    section = re.split(r"\n\n\w+\n-{3,}\n", section)[0]
    texts: dict[str, list[str]] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.partition(" :")[0].split(",")]
        elif line.strip():
            for name in names:
                texts.setdefault(name, []).append(line.strip())
    return {name: " ".join(lines) for name, lines in texts.items()}
