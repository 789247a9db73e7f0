"""Commands of the instrument: header, parameters, answer, meaning and work of each; the documentation's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mho.instrument.arguments import Argument, Values, Whole, Word, shaped
from mho.instrument.data_format import as_block
from mho.instrument.errors import ScpiError
from mho.instrument.status import CURRENT, MEASURING, OPERATION_COMPLETE, PROGRAMMING, VOLTAGE, EventRegister

if TYPE_CHECKING:
    from mho.instrument.session import Session

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
        Does it for a session and the values of the arguments; returns the answer of a query.
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
def _identify(session: Session) -> str:
    """Maker, model, serial number (the simulated chip's seed) and version."""
    return ",".join(part.replace(",", " ").replace(";", " ") for part in session.device.board.identity)


@_command("*RST", board=True)
def _reset(session: Session) -> None:
    """Empty the arrays, forget staged data, text format; the simulated chip is made anew from its seed."""
    device = session.device
    device.shapes.clear()
    device.board.reset()
    session.data = type(session.data)()
    session.clear_staged()


@_command("*TST?", board=True)
def _self_test(session: Session) -> str:
    """Self-test: 0 passed, 1 failed."""
    return str(int(not session.device.board.self_test()))


@_command("*CLS")
def _clear_status(session: Session) -> None:
    """Clear events and the error queue."""
    session.status.clear()


@_command("*ESE", _MASK)
def _set_event_mask(session: Session, mask: int) -> None:
    """Standard events that bit 5 of the status byte sums up."""
    session.status.standard.enable = mask


@_command("*ESE?")
def _event_mask(session: Session) -> str:
    """Mask of the standard events."""
    return str(session.status.standard.enable)


@_command("*ESR?")
def _events(session: Session) -> str:
    """Standard events so far, which are cleared: 1 complete, 8 device, 16 execution, 32 command error, 128 power on."""
    return str(session.status.standard.take())


@_command("*SRE", _MASK)
def _set_service_mask(session: Session, mask: int) -> None:
    """Bits of the status byte that bit 6 sums up."""
    session.status.service = mask & ~64


@_command("*SRE?")
def _service_mask(session: Session) -> str:
    """Mask of the status byte."""
    return str(session.status.service)


@_command("*STB?")
def _status_byte(session: Session) -> str:
    """Status byte: 4 errors wait, 8 questionable, 16 answers wait, 32 standard event, 64 summary, 128 operation."""
    return str(session.status.byte(bool(session.answers)))


@_command("*OPC")
def _mark_complete(session: Session) -> None:
    """Set bit 0 of the standard events: commands are done in turn, so all before it are."""
    session.status.standard.event |= OPERATION_COMPLETE


@_command("*OPC?")
def _complete(session: Session) -> str:
    """1, once all commands before it are done."""
    return "1"


@_command("*WAI")
def _wait(session: Session) -> None:
    """Nothing: each command waits for the one before."""


# System, status and format, as SCPI-99 has them


@_command("SYSTem:ERRor[:NEXT]?")
def _next_error(session: Session) -> str:
    """Oldest error of this client, which is removed: number and text; 0 where there is none."""
    return session.status.errors.take()


@_command("SYSTem:ERRor:COUNt?")
def _error_count(session: Session) -> str:
    """Errors that wait."""
    return str(len(session.status.errors))


@_command("SYSTem:VERSion?")
def _scpi_version(session: Session) -> str:
    """Version of SCPI that the instrument follows."""
    return "1999.0"


@_command("SYSTem:HELP:HEADers?")
def _help(session: Session) -> bytes:
    """All commands, one a line, in a block."""
    return as_block("".join(f"{command.syntax}\n" for command in COMMANDS).encode("ascii"))


@_command("SYSTem:LOCK:REQuest?")
def _request_lock(session: Session) -> str:
    """Ask for the instrument alone: 1 given, 0 another client has it. It ends with the connection."""
    return str(int(session.device.request(session)))


@_command("SYSTem:LOCK:RELease")
def _release_lock(session: Session) -> None:
    """Give the lock back."""
    if not session.device.release(session):
        raise ScpiError(-221, "this client must hold the lock to release it")


@_command("SYSTem:LOCK:OWNer?")
def _lock_owner(session: Session) -> str:
    """Holder of the lock, address and port; NONE where there is none."""
    owner = session.device.owner
    return f'"{"NONE" if owner is None else owner.name}"'


def _status_register(name: str, meaning: str, attribute: str, condition: Callable[[Session], int]) -> None:
    """Enter the four commands of a register of SCPI."""

    def register(session: Session) -> EventRegister:
        return getattr(session.status, attribute)

    def set_mask(session: Session, mask: int) -> None:
        register(session).enable = mask

    for tail, arguments, run, sentence in (
        ("[:EVENt]?", (), lambda session: str(register(session).take()), f"{meaning}, since last read."),
        (":CONDition?", (), lambda session: str(condition(session)), f"{meaning}, now."),
        (":ENABle", (_WIDE_MASK,), set_mask, "Mask of its events in the status byte."),
        (":ENABle?", (), lambda session: str(register(session).enable), "That mask."),
    ):
        COMMANDS.append(Command(f"STATus:{name}{tail}", arguments, sentence, run, False))


_status_register(
    "OPERation", "16 loops settle, 256 an array is written", "operation", lambda session: session.device.condition
)
_status_register(
    "QUEStionable",
    "1 outputs left their range, 2 their current limit: solved again at smaller inputs",
    "questionable",
    lambda session: 0,
)


@_command("STATus:PRESet")
def _preset_status(session: Session) -> None:
    """Masks of the operation and questionable registers to 0."""
    session.status.operation.enable = session.status.questionable.enable = 0


@_command("FORMat[:DATA]", Word("format", ("ASCii", "REAL")), Word("bits", ("32", "64"), optional=True))
def _set_format(session: Session, kind: str, bits: str = "64") -> None:
    """Answers as text, or as blocks of binary numbers of 32 or 64 bits; blocks sent are read with these bits too."""
    session.data.kind, session.data.bits = kind, int(bits)


@_command("FORMat[:DATA]?")
def _format(session: Session) -> str:
    """Format and bits."""
    return f"{session.data.kind},{session.data.bits}"


@_command("FORMat:BORDer", Word("order", ("NORMal", "SWAPped")))
def _set_order(session: Session, order: str) -> None:
    """Bytes of a binary number: the most significant first (NORMal) or last (SWAPped, as x86 and ARM have it)."""
    session.data.order = order


@_command("FORMat:BORDer?")
def _order(session: Session) -> str:
    """Order of bytes."""
    return session.data.order


# Arrays: identify, program


@_command("ARRay:COUNt?", board=True)
def _arrays(session: Session) -> str:
    """Arrays, numbered from 1: each holds one matrix."""
    return str(session.device.board.arrays)


@_command("ARRay:COLumns?", board=True)
def _columns(session: Session) -> str:
    """Columns of a matrix at most."""
    return str(session.device.board.columns)


@_command("ARRay:PROGram", _ARRAY, Whole("rows"), Whole("columns"), Values("values"), board=True)
def _program(session: Session, array: int, rows: int, columns: int, values: np.ndarray) -> None:
    """Write a matrix, row after row, finite and not negative, in place of what the array held."""
    device = session.device
    _check_array(session, array)
    if columns > device.board.columns:
        raise ScpiError(-222, f"columns must be at most {device.board.columns}, got {columns}")
    A = shaped(values, rows, columns, "values")
    if not A.min() >= 0:
        raise ScpiError(-222, f"values of a matrix must be at least 0 and known, got {A.min()}")
    device.shapes.pop(array, None)
    with device.busy(PROGRAMMING, session):
        device.board.program(array, A)
    device.shapes[array] = rows, columns


@_command("ARRay:SIZE?", _ARRAY, board=True)
def _size(session: Session, array: int) -> str:
    """Rows and columns of the matrix in an array; 0,0 where it is empty."""
    _check_array(session, array)
    rows, columns = session.device.shapes.get(array, (0, 0))
    return f"{rows},{columns}"


@_command("ARRay:CONDuctance?", _ARRAY, board=True)
def _conductances(session: Session, array: int) -> bytes:
    """Conductances of the driving cells, siemens, row after row."""
    _shape(session, array)
    return session.data.written(session.device.board.conductances(array))


# Source and measure


@_command("SOURce[:VALues]", _ARRAY, _COUNT, Values("values"), board=True)
def _source(session: Session, array: int, count: int, values: np.ndarray) -> None:
    """Right-hand sides for an array, one after the other; NaN (9.91E37 in text) switches its row off."""
    rows, _ = _shape(session, array)
    session.staged = array, shaped(values, count, rows, "values").T
    session.currents = session.solution = None


@_command("SOURce:CURRent", Values("values"), board=True)
def _source_currents(session: Session, values: np.ndarray) -> None:
    """Currents into the columns for each of the right-hand sides, in the units of A'b: x minimises |Ax-b|^2/2 - c'x."""
    array, B = _staged(session)
    C = shaped(values, B.shape[1], _shape(session, array)[1], "values").T
    if np.isnan(C).any():
        raise ScpiError(-222, "values of currents must be known, got NaN")
    session.currents, session.solution = C, None


@_command("INITiate[:IMMediate]", board=True)
def _initiate(session: Session) -> None:
    """Let the loops settle for the right-hand sides of SOURce."""
    array, B = _staged(session)
    rows, _ = _shape(session, array)
    if rows != len(B):
        raise ScpiError(-221, f"right-hand sides must have {rows} values, as the array's matrix has rows now")
    session.solution = None
    session.solution = _solved(session, array, B, session.currents)


@_command("FETCh?")
def _fetch(session: Session) -> bytes:
    """Answers, one after the other: k values for each right-hand side."""
    if session.solution is None:
        raise ScpiError(-230, "there must be an answer to fetch: SOURce, then INITiate")
    return session.data.written(session.solution.T)


@_command("READ?", board=True)
def _read(session: Session) -> bytes:
    """INITiate and FETCh?."""
    _initiate(session)
    return _fetch(session)


@_command("MEASure[:SOLution]?", _ARRAY, _COUNT, Values("values"), board=True)
def _measure(session: Session, array: int, count: int, values: np.ndarray) -> bytes:
    """SOURce, INITiate and FETCh? at once."""
    _source(session, array, count, values)
    return _read(session)


@_command("CHIP:LEDGer?", board=True)
def _ledger(session: Session) -> str:
    """Physical events so far, each name followed by its count; empty where none are counted."""
    ledger = session.device.board.ledger()
    items = {} if ledger is None else asdict(ledger)
    return ",".join(f'"{name}",{value!r}' for name, value in items.items()) or '""'


def _check_array(session: Session, array: int) -> None:
    arrays = session.device.board.arrays
    if array > arrays:
        raise ScpiError(-222, f"array must be 1 to {arrays}, got {array}")


def _shape(session: Session, array: int) -> tuple[int, int]:
    """Rows and columns of the matrix in an array that holds one."""
    _check_array(session, array)
    if array not in session.device.shapes:
        raise ScpiError(-221, f"array {array} must hold a matrix: ARRay:PROGram first")
    return session.device.shapes[array]


def _staged(session: Session) -> tuple[int, np.ndarray]:
    if session.staged is None:
        raise ScpiError(-221, "there must be right-hand sides: SOURce first")
    return session.staged


def _solved(session: Session, array: int, B: np.ndarray, currents: np.ndarray | None) -> np.ndarray:
    """Answers X (k, n); outputs that left their range become questionable events."""
    device = session.device
    before = _reductions(session)
    with device.busy(MEASURING, session):
        X = device.board.solve(array, B, currents)
    clipped, overloaded = (now > then for now, then in zip(_reductions(session), before, strict=True))
    session.status.questionable.event |= VOLTAGE * clipped | CURRENT * overloaded
    return X


def _reductions(session: Session) -> tuple[float, float]:
    ledger = session.device.board.ledger()
    return (0.0, 0.0) if ledger is None else (ledger.clipped, ledger.overloaded)
