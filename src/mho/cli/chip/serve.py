"""`mho chip serve`: the simulated chip as an instrument that speaks SCPI over TCP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.chip.values import changed_preset
from mho.cli.settings import WholeNumber

__all__ = ["serve"]

_PORTS = 2**16
_SEEDS = 2**32


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BoardOptions:
    """Simulated board: its chip and its arrays.

    Parameters
    ----------
    preset
        Design of the chip: cells, op-amps and converters.
    sets
        A property of the design and its value, NAME=VALUE; `mho chip presets` has the names. May be repeated.
    seed
        Of the chip's errors; *RST makes the same chip again.
    arrays
        Matrices that it holds at once.
    """

    preset: str = "pku-2025"
    sets: Annotated[list[str], Parameter(name="--set", negative="", show_default=False)] = field(default_factory=list)
    seed: WholeNumber = 0
    arrays: WholeNumber = 16

    def board(self) -> Any:
        """Return it as the library's `SimulatedBoard`."""
        from mho import checks
        from mho.instrument import SimulatedBoard

        if not 0 <= self.seed < _SEEDS:
            raise ValueError(f"--seed must be at least 0 and less than {_SEEDS}, got {self.seed}")
        checks.positive_int(self.arrays, "--arrays", limit=1024)
        return SimulatedBoard(changed_preset(self.preset, self.sets), seed=self.seed, arrays=self.arrays)


def serve(*, options: BoardOptions | None = None, port: WholeNumber = 5025) -> None:
    """Serve the simulated chip as an instrument: SCPI over TCP, to programs on this machine alone.

    It prints the address as VISA calls it, answers up to 16 clients, and ends with Ctrl-C. Clients share the arrays
    unless one asks for the lock. SYSTem:HELP:HEADers? lists the commands.

    Parameters
    ----------
    port
        Of the server, by default that of raw SCPI; 0 takes one that is free.
    """
    from mho import checks
    from mho.instrument import InstrumentServer

    if checks.nonnegative_int(port, "--port") >= _PORTS:
        raise ValueError(f"--port must be below {_PORTS}, got {port}")
    board = (options or BoardOptions()).board()
    try:
        server = InstrumentServer(board, port)
    except OSError as error:
        raise OSError(f"port {port} cannot be had ({error.strerror}); --port 0 takes one that is free") from error
    print(
        f"mho chip serve: {server.resource}\n{','.join(board.identity)}, {board.arrays} arrays; Ctrl-C ends it",
        flush=True,
    )
    server.serve()
