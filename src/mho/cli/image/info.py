"""`mho image info`: what a `.mho` file holds."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.image.source import read
from mho.cli.report import Json, as_json
from mho.cli.tables import table

__all__ = ["info"]


def info(source: Annotated[str, Parameter(name="IN", allow_leading_hyphen=True)], /, *, json: Json = False) -> None:
    """Show what a .mho file holds, without decoding it; its checksum is tested.

    Parameters
    ----------
    source
        File; - is standard input.
    json
        Print JSON.
    """
    from mho.data import DataError
    from mho.image.codec.container import ALPHA, COLOUR, DICTIONARY, DPI, EXIF, ICC, PIXELS, TEXT, XMP, unpack

    data = read(source)
    try:
        header, payload = unpack(data)
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
    m, n = header.shape
    names = {ICC: "ICC profile", EXIF: "Exif", ALPHA: "alpha", DICTIONARY: "dictionary of its own", XMP: "XMP"}
    names |= {DPI: "resolution", TEXT: "text", COLOUR: "colour space"}
    if json:
        sections = {names.get(kind, str(kind)): len(held) for kind, held in header.sections.items()}
        figures = {"columns": n, "rows": m, "colour": header.planes == 3, "version": header.version, "bytes": len(data)}
        steps = [step / 16 for step in header.steps[: header.planes]]
        figures |= {
            "lossless": header.coding == PIXELS,
            "steps": steps,
            "chroma": _chroma(header),
            "code_bytes": len(payload),
            "section_bytes": sections,
        }
        print(as_json(figures))
        return
    rows = [
        ("pixels", f"{n} x {m}, {_colour(header)}"),
        ("bytes", f"{len(data):,}, {8 * len(data) / (m * n):.3f} bits a pixel"),
        ("pixels kept", "without loss")
        if header.coding == PIXELS
        else ("step", " and ".join(f"{step / 16:g}" for step in header.steps[: header.planes]) + " grey levels"),
        ("version", str(header.version)),
        ("codes", f"{len(payload):,} bytes"),
        *((names.get(kind, f"unknown ({kind})"), f"{len(held):,} bytes") for kind, held in header.sections.items()),
    ]
    print(table(rows))


def _chroma(header: Any) -> str | None:
    return None if header.planes == 1 else "420" if header.halved else "444"


def _colour(header: Any) -> str:
    chroma = _chroma(header)
    return "grey" if chroma is None else "colour" if header.coding else f"colour, chroma {chroma}"
