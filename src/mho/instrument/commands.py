"""Commands of the instrument: header, parameters, answer, meaning and work of each; the documentation's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mho.instrument.arguments import Argument, Values, Whole, Word, shaped
from mho.instrument.client import Client
from mho.instrument.data_format import as_block
from mho.instrument.errors import ScpiError
from mho.instrument.status import CURRENT, MEASURING, OPERATION_COMPLETE, PROGRAMMING, VOLTAGE, EventRegister

__all__ = ["COMMANDS", "Command"]


@dataclass(frozen=True)
class Command:
    """One command or query.

    Attributes
    ----------
    header : str
        Short forms in capitals, optional words in brackets; a query ends with a question mark.
    arguments : tuple of Argument
        Parameters in their order.
    meaning : str
        Sentence for the table.
    run : callable
        Does it for a client and the values of the arguments; returns the answer of a query.
    uses_board : bool
        Whether it needs the board, and is refused while another client holds the lock.

    Examples
    --------
    >>> from mho.instrument import COMMANDS
    >>> next(command.syntax for command in COMMANDS if command.header == "ARRay:SIZE?")
    'ARRay:SIZE? <array>'
    """

    header: str
    arguments: tuple[Argument, ...]
    meaning: str
    run: Callable[..., Any]
    uses_board: bool

    @property
    def syntax(self) -> str:
        """Header and parameters as the table prints them."""
        return (
            " ".join([self.header, ",".join(argument.syntax for argument in self.arguments)])
            .replace(",[", "[")
            .rstrip()
        )


COMMANDS: list[Command] = []
"""All commands, in the order of the table."""


def _command(header: str, *arguments: Argument, board: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Enter a function into the table; the first line of its docstring is the command's meaning."""

    def entered(run: Callable[..., Any]) -> Callable[..., Any]:
        COMMANDS.append(Command(header, arguments, (run.__doc__ or "").split("\n")[0], run, board))
        return run

    return entered


_MASK = Whole("mask", 0, 255)
_WIDE_MASK = Whole("mask", 0, 32767)
_ARRAY = Whole("array")
_COUNT = Whole("count")


# IEEE 488.2


@_command("*IDN?")
def _identify(client: Client) -> str:
    """Maker, model, serial number (the simulated chip's seed) and version."""
    return ",".join(part.replace(",", " ").replace(";", " ") for part in client.device.board.identity)


@_command("*RST", board=True)
def _reset(client: Client) -> None:
    """Empty the arrays, forget staged data, text format; the simulated chip is made anew from its seed."""
    device = client.device
    device.shapes.clear()
    device.board.reset()
    client.data = type(client.data)()
    client.clear_staged()


@_command("*TST?", board=True)
def _self_test(client: Client) -> str:
    """Self-test: 0 passed, 1 failed."""
    return str(int(not client.device.board.self_test()))


@_command("*CLS")
def _clear_status(client: Client) -> None:
    """Clear events and the error queue."""
    client.status.clear()


@_command("*ESE", _MASK)
def _set_event_mask(client: Client, mask: int) -> None:
    """Standard events that bit 5 of the status byte sums up."""
    client.status.standard.enable = mask


@_command("*ESE?")
def _event_mask(client: Client) -> str:
    """Mask of the standard events."""
    return str(client.status.standard.enable)


@_command("*ESR?")
def _events(client: Client) -> str:
    """Standard events so far, which are cleared: 1 complete, 8 device, 16 execution, 32 command error, 128 power on."""
    return str(client.status.standard.take())


@_command("*SRE", _MASK)
def _set_service_mask(client: Client, mask: int) -> None:
    """Bits of the status byte that bit 6 sums up."""
    client.status.service = mask & ~64


@_command("*SRE?")
def _service_mask(client: Client) -> str:
    """Mask of the status byte."""
    return str(client.status.service)


@_command("*STB?")
def _status_byte(client: Client) -> str:
    """Status byte: 4 errors wait, 8 questionable, 16 answers wait, 32 standard event, 64 summary, 128 operation."""
    return str(client.status.byte(bool(client.answers)))


@_command("*OPC")
def _mark_complete(client: Client) -> None:
    """Set bit 0 of the standard events: commands are done in turn, so all before it are."""
    client.status.standard.event |= OPERATION_COMPLETE


@_command("*OPC?")
def _complete(client: Client) -> str:
    """1, once all commands before it are done."""
    return "1"


@_command("*WAI")
def _wait(client: Client) -> None:
    """Nothing: each command waits for the one before."""


# System, status and format, as SCPI-99 has them


@_command("SYSTem:ERRor[:NEXT]?")
def _next_error(client: Client) -> str:
    """Oldest error of this client, which is removed: number and text; 0 where there is none."""
    return client.status.errors.take()


@_command("SYSTem:ERRor:COUNt?")
def _error_count(client: Client) -> str:
    """Errors that wait."""
    return str(len(client.status.errors))


@_command("SYSTem:VERSion?")
def _scpi_version(client: Client) -> str:
    """Version of SCPI that the instrument follows."""
    return "1999.0"


@_command("SYSTem:HELP:HEADers?")
def _help(client: Client) -> bytes:
    """All commands, one a line, in a block."""
    return as_block("".join(f"{command.syntax}\n" for command in COMMANDS).encode("ascii"))


@_command("SYSTem:LOCK:REQuest?")
def _request_lock(client: Client) -> str:
    """Ask for the instrument alone: 1 given, 0 another client has it. It ends with the connection."""
    return str(int(client.device.request(client)))


@_command("SYSTem:LOCK:RELease")
def _release_lock(client: Client) -> None:
    """Give the lock back."""
    if not client.device.release(client):
        raise ScpiError(-221, "this client must hold the lock to release it")


@_command("SYSTem:LOCK:OWNer?")
def _lock_owner(client: Client) -> str:
    """Holder of the lock, address and port; NONE where there is none."""
    owner = client.device.owner
    return f'"{"NONE" if owner is None else owner.name}"'


def _status_register(name: str, meaning: str, attribute: str, condition: Callable[[Client], int]) -> None:
    """Enter the four commands of a register of SCPI."""

    def register(client: Client) -> EventRegister:
        return getattr(client.status, attribute)

    def set_mask(client: Client, mask: int) -> None:
        register(client).enable = mask

    for tail, arguments, run, sentence in (
        ("[:EVENt]?", (), lambda client: str(register(client).take()), f"{meaning}, since last read."),
        (":CONDition?", (), lambda client: str(condition(client)), f"{meaning}, now."),
        (":ENABle", (_WIDE_MASK,), set_mask, "Mask of its events in the status byte."),
        (":ENABle?", (), lambda client: str(register(client).enable), "That mask."),
    ):
        COMMANDS.append(Command(f"STATus:{name}{tail}", arguments, sentence, run, False))


_status_register(
    "OPERation", "16 loops settle, 256 an array is written", "operation", lambda client: client.device.condition
)
_status_register(
    "QUEStionable",
    "1 outputs left their range, 2 their current limit: solved again at smaller inputs",
    "questionable",
    lambda client: 0,
)


@_command("STATus:PRESet")
def _preset_status(client: Client) -> None:
    """Masks of the operation and questionable registers to 0."""
    client.status.operation.enable = client.status.questionable.enable = 0


@_command("FORMat[:DATA]", Word("format", ("ASCii", "REAL")), Word("bits", ("32", "64"), optional=True))
def _set_format(client: Client, kind: str, bits: str = "64") -> None:
    """Answers as text, or as blocks of binary numbers of 32 or 64 bits; blocks sent are read with these bits too."""
    client.data.kind, client.data.bits = kind, int(bits)


@_command("FORMat[:DATA]?")
def _format(client: Client) -> str:
    """Format and bits."""
    return f"{client.data.kind},{client.data.bits}"


@_command("FORMat:BORDer", Word("order", ("NORMal", "SWAPped")))
def _set_order(client: Client, order: str) -> None:
    """Bytes of a binary number: the most significant first (NORMal) or last (SWAPped, as x86 and ARM have it)."""
    client.data.order = order


@_command("FORMat:BORDer?")
def _order(client: Client) -> str:
    """Order of bytes."""
    return client.data.order


# Arrays: identify, program


@_command("ARRay:COUNt?", board=True)
def _arrays(client: Client) -> str:
    """Arrays, numbered from 1: each holds one matrix."""
    return str(client.device.board.arrays)


@_command("ARRay:COLumns?", board=True)
def _columns(client: Client) -> str:
    """Columns of a matrix at most."""
    return str(client.device.board.columns)


@_command("ARRay:PROGram", _ARRAY, Whole("rows"), Whole("columns"), Values("values"), board=True)
def _program(client: Client, array: int, rows: int, columns: int, values: np.ndarray) -> None:
    """Write a matrix, row after row, finite and not negative, in place of what the array held."""
    device = client.device
    _check_array(client, array)
    if columns > device.board.columns:
        raise ScpiError(-222, f"columns must be at most {device.board.columns}, got {columns}")
    A = shaped(values, rows, columns, "values")
    if not A.min() >= 0:
        raise ScpiError(-222, f"values of a matrix must be at least 0 and known, got {A.min()}")
    device.shapes.pop(array, None)
    with device.busy(PROGRAMMING, client):
        device.board.program(array, A)
    device.shapes[array] = rows, columns


@_command("ARRay:SIZE?", _ARRAY, board=True)
def _size(client: Client, array: int) -> str:
    """Rows and columns of the matrix in an array; 0,0 where it is empty."""
    _check_array(client, array)
    rows, columns = client.device.shapes.get(array, (0, 0))
    return f"{rows},{columns}"


@_command("ARRay:CONDuctance?", _ARRAY, board=True)
def _conductances(client: Client, array: int) -> bytes:
    """Conductances of the driving cells, siemens, row after row."""
    _shape(client, array)
    return client.data.written(client.device.board.conductances(array))


# Source and measure


@_command("SOURce[:VALues]", _ARRAY, _COUNT, Values("values"), board=True)
def _source(client: Client, array: int, count: int, values: np.ndarray) -> None:
    """Right-hand sides for an array, one after the other; NaN (9.91E37 in text) switches its row off."""
    rows, _ = _shape(client, array)
    client.staged = array, shaped(values, count, rows, "values").T
    client.currents = client.solution = None


@_command("SOURce:CURRent", Values("values"), board=True)
def _source_currents(client: Client, values: np.ndarray) -> None:
    """Currents into the columns for each of the right-hand sides, in the units of A'b: x minimises |Ax-b|^2/2 - c'x."""
    array, B = _staged(client)
    C = shaped(values, B.shape[1], _shape(client, array)[1], "values").T
    if np.isnan(C).any():
        raise ScpiError(-222, "values of currents must be known, got NaN")
    client.currents, client.solution = C, None


@_command("INITiate[:IMMediate]", board=True)
def _initiate(client: Client) -> None:
    """Let the loops settle for the right-hand sides of SOURce."""
    array, B = _staged(client)
    rows, _ = _shape(client, array)
    if rows != len(B):
        raise ScpiError(-221, f"right-hand sides must have {rows} values, as the array's matrix has rows now")
    client.solution = None
    client.solution = _solved(client, array, B, client.currents)


@_command("FETCh?")
def _fetch(client: Client) -> bytes:
    """Answers, one after the other: k values for each right-hand side."""
    if client.solution is None:
        raise ScpiError(-230, "there must be an answer to fetch: SOURce, then INITiate")
    return client.data.written(client.solution.T)


@_command("READ?", board=True)
def _read(client: Client) -> bytes:
    """INITiate and FETCh?."""
    _initiate(client)
    return _fetch(client)


@_command("MEASure[:SOLution]?", _ARRAY, _COUNT, Values("values"), board=True)
def _measure(client: Client, array: int, count: int, values: np.ndarray) -> bytes:
    """SOURce, INITiate and FETCh? at once."""
    _source(client, array, count, values)
    return _read(client)


@_command("CHIP:LEDGer?", board=True)
def _ledger(client: Client) -> str:
    """Physical events so far, each name followed by its count; empty where none are counted."""
    ledger = client.device.board.ledger()
    items = {} if ledger is None else asdict(ledger)
    return ",".join(f'"{name}",{value!r}' for name, value in items.items()) or '""'


def _check_array(client: Client, array: int) -> None:
    arrays = client.device.board.arrays
    if array > arrays:
        raise ScpiError(-222, f"array must be 1 to {arrays}, got {array}")


def _shape(client: Client, array: int) -> tuple[int, int]:
    """Rows and columns of the matrix in an array that holds one."""
    _check_array(client, array)
    if array not in client.device.shapes:
        raise ScpiError(-221, f"array {array} must hold a matrix: ARRay:PROGram first")
    return client.device.shapes[array]


def _staged(client: Client) -> tuple[int, np.ndarray]:
    if client.staged is None:
        raise ScpiError(-221, "there must be right-hand sides: SOURce first")
    return client.staged


def _solved(client: Client, array: int, B: np.ndarray, currents: np.ndarray | None) -> np.ndarray:
    """Answers X (k, n); outputs that left their range become questionable events."""
    device = client.device
    before = _reductions(client)
    with device.busy(MEASURING, client):
        X = device.board.solve(array, B, currents)
    clipped, overloaded = (now > then for now, then in zip(_reductions(client), before, strict=True))
    client.status.questionable.event |= VOLTAGE * clipped | CURRENT * overloaded
    return X


def _reductions(client: Client) -> tuple[float, float]:
    ledger = client.device.board.ledger()
    return (0.0, 0.0) if ledger is None else (ledger.clipped, ledger.overloaded)
