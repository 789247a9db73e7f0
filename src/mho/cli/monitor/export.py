"""`mho monitor export`: a model as C for the machine's own controller."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.monitor.options import load_monitor
from mho.cli.report import Json, as_json
from mho.cli.tables import table
from mho.cli.target import check_target

__all__ = ["export"]


def export(
    model: Annotated[Path, Parameter(name="MODEL")],
    /,
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out"))],
    as_c: Annotated[bool, Parameter(name="--c", negative="", show_default=False)] = False,
    channel: str | None = None,
    json: Json = False,
) -> None:
    """Write a waveform of a model, or its level channels, as C99 of fixed memory.

    Parameters
    ----------
    model
        What `learn` wrote.
    out
        File of C.
    as_c
        As C, the only form that there is.
    channel
        The waveform, or one of the level channels, if the model has more than one stream.
    json
        Print the sizes as JSON.
    """
    from mho.data import replacing
    from mho.monitor.export_c import export_c

    if not as_c:
        raise ValueError("say the form: --c")
    check_target(out, [model], suffixes=(".c", ".h"))
    source = export_c(load_monitor(model), name=model.stem, channel=channel)
    with replacing(out) as temporary:
        temporary.write_text(source.text, encoding="utf-8")
    if json:
        sizes = {"ram_bytes": source.ram, "constant_bytes": source.flash, "operations": source.operations}
        print(as_json({"source": out, **sizes}))
        return
    rows = [
        ("source", str(out)),
        ("RAM", f"{source.ram:,} bytes"),
        ("constants", f"{source.flash:,} bytes"),
        ("a window", f"at most {source.operations:,} operations"),
    ]
    print(table(rows))
