"""Engine behind a cable: any instrument that speaks the commands of `mho chip serve`, simulated or real."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from types import TracebackType
from typing import Any, Self

import numpy as np

from mho import checks
from mho.chip import ChipError, Ledger
from mho.engines.analog import levelled_off
from mho.engines.engine import NO_PENALTY, Engine, Penalty, Programmed, as_factor, check_rhs, squared_error
from mho.operands import as_matrix
from mho.penalty import as_penalty

__all__ = ["Instrument"]

MOST_BYTES = 1 << 25
"""Of one message to an instrument, its blocks included."""

_BLOCK = 1 << 20
"""Numbers of right-hand sides, of currents beside them and of answers in one message."""

_HEADER_BYTES = 1 << 8
"""Room in a message beside its blocks."""

_SETUP = b"*CLS;:FORMat REAL,64;:FORMat:BORDer SWAPped;:SYSTem:LOCK:REQuest?"


class Instrument(Engine):
    """Non-negative least squares on an instrument that speaks SCPI: a served simulated chip, or a board.

    It holds the instrument's lock until it is closed. Matrices that are in use share the instrument's arrays; where
    they are more than those, the one that was used longest ago leaves, and is written again when it is used again.

    Parameters
    ----------
    resource : str, or a message-based resource of pyvisa
        VISA's name of it, as `mho chip serve` prints it: ``"TCPIP::127.0.0.1::5025::SOCKET"``.
    timeout : float
        Time that an answer may take, seconds; a later one ends the connection.
    visa_library : str
        For pyvisa: "" takes the installed VISA library and pyvisa-py where there is none; "@py" is pyvisa-py.

    Raises
    ------
    ImportError
        pyvisa is not installed.
    OSError
        There is no instrument, or it does not answer.
    ChipError
        Another client holds its lock.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.engines import Instrument
    >>> from mho.instrument import InstrumentServer, SimulatedBoard
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> with InstrumentServer(SimulatedBoard("ideal")) as server, Instrument(server.resource) as engine:
    ...     engine.program(A).solve(A @ np.array([[2.0], [3.0]])).round(6)
    array([[2.],
           [3.]])
    """

    def __init__(self, resource: Any, *, timeout: float = 30.0, visa_library: str = "") -> None:
        self.timeout = checks.positive_number(timeout, "timeout")
        self._mutex, self._closed = threading.RLock(), False
        self._resource, self.name = _opened(resource, visa_library)
        self._resource.timeout = 1000 * self.timeout
        self._resource.read_termination = None
        try:
            if self._ask(_SETUP) != "1":
                owner = self._ask(b"SYSTem:LOCK:OWNer?")
                raise ChipError(f"{self.name} is locked by another client, {owner}: close that one first")
            arrays, columns = self._ask(b"ARRay:COUNt?;COLumns?").split(";")
        except BaseException:
            self.close()
            raise
        self.arrays, self.columns = int(arrays), int(columns)
        self._held: dict[int, weakref.ref[InstrumentFactor]] = {}

    def __repr__(self) -> str:
        return f"Instrument({self.name!r})"

    def __enter__(self) -> Self:
        """Close it at the end of the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back and end the connection."""
        if not self._closed:
            self._closed = True
            self._resource.close()

    def identify(self) -> str:
        """Return maker, model, serial number and version."""
        return self._ask(b"*IDN?")

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`; a ridge is more rows of the matrix, a price a current into every column."""
        A = as_factor(A)
        if A.shape[1] > self.columns:
            raise ChipError(f"{self.name} takes matrices of at most {self.columns} columns, got {A.shape[1]}")
        factor = InstrumentFactor(A, penalty, self)
        if factor.augmented.nbytes > MOST_BYTES - _HEADER_BYTES:
            most = (MOST_BYTES - _HEADER_BYTES) // (8 * A.shape[1])
            raise ChipError(
                f"{self.name} takes matrices of at most {most:,} rows of {A.shape[1]} in one message of "
                f"{MOST_BYTES >> 10:,} KiB, got {len(factor.augmented):,}, those of a ridge included"
            )
        with self._mutex:
            self._place(factor)
        return factor

    def levels_off(self, errors: Sequence[float]) -> bool:
        """See `Engine.levels_off`, and `levelled_off`."""
        return levelled_off(errors)

    def ledger(self) -> Ledger:
        """Return the events that the instrument counts; zero where it counts none."""
        items = self._ask(b"CHIP:LEDGer?").split(",")
        counts = dict(zip((name.strip('"') for name in items[::2]), items[1::2], strict=False))
        return Ledger(**{f.name: float(counts[f.name]) for f in fields(Ledger) if f.name in counts})

    def _place(self, factor: InstrumentFactor) -> int:
        """Return the number of the array that holds the factor, which is written if it is in none."""
        held = {array: ref() for array, ref in self._held.items()}
        array = next((array for array, other in held.items() if other is factor), None)
        if array is None:
            array = self._free(held)
            if factor.written:
                checks.warn(
                    f"{self.name} has {self.arrays} arrays for more matrices than that: one of {factor.A.shape} is "
                    "written again, with fresh errors"
                )
            self._write(array, factor.augmented)
            factor.written = True
        self._held[array] = self._held.pop(array, weakref.ref(factor))  # the last one is the one just used
        return array

    def _free(self, held: dict[int, Any]) -> int:
        """Return an array that no matrix in use is in; else the one that was used longest ago."""
        for array in range(1, self.arrays + 1):
            if held.get(array) is None:
                self._held.pop(array, None)
                return array
        array = next(iter(self._held))
        del self._held[array]
        return array

    def _write(self, array: int, A: np.ndarray) -> None:
        self._check(self._ask(b"ARRay:PROGram %d,%d,%d,%b;:SYSTem:ERRor:COUNt?" % (array, *A.shape, _block(A))))

    def solved(self, factor: InstrumentFactor, B: np.ndarray) -> np.ndarray:
        """Return the answers (k, n) to the right-hand sides of a matrix.

        Parameters
        ----------
        factor : InstrumentFactor
            The matrix, which is written now if it is in no array.
        B : ndarray of shape (m, n)
            Right-hand sides, those of a ridge's rows included; NaN where an entry is not known.
        """
        n, k = B.shape[1], factor.A.shape[1]
        with self._mutex:
            message = b"SOURce %d,%d,%b" % (self._place(factor), n, _block(B.T))
            if factor.price:
                message += b";:SOURce:CURRent %b" % _block(np.full((n, k), -factor.price))
            values = self._values(message + b";:READ?;:SYSTem:ERRor:COUNt?")
        return values.reshape(n, k).T

    def _ask(self, message: bytes) -> str:
        """Return the line that answers a message."""
        with self._mutex, self._telling():
            self._resource.write_raw(message + b"\n")
            return self._line()

    def _values(self, message: bytes) -> np.ndarray:
        """Return the block that answers a message which ends with a question for the number of errors."""
        values = np.empty(0)
        with self._mutex:
            with self._telling():
                self._resource.write_raw(message + b"\n")
                begin = self._bytes(2)
                if begin.startswith(b"#"):
                    values = np.frombuffer(self._bytes(int(self._bytes(int(begin[1:]))) + 1)[:-1], "<f8")
                    errors = self._line()
                else:
                    errors = begin.decode("ascii", "replace") + ("" if begin.endswith(b"\n") else self._line())
            self._check(errors)
        if not begin.startswith(b"#"):
            raise ChipError(f"{self.name}: a block of answers was to come, got {begin!r}")
        return values

    def _bytes(self, count: int) -> bytes:
        return bytes(self._resource.read_bytes(count, break_on_termchar=False))

    def _line(self) -> str:
        line = bytearray()
        while not line.endswith(b"\n"):
            line += self._bytes(1)
        return line[:-1].decode("ascii", "replace")

    def _check(self, errors: str) -> None:
        """Raise the oldest entry of the error queue, if there are any, as `ChipError`."""
        if int(errors):
            raise ChipError(f"{self.name}: {self._ask(b'SYSTem:ERRor?;*CLS')}")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Make VISA's errors errors of the system that name the instrument; after any, end the connection.

        An answer that comes late would else be taken for that to the next question.
        """
        if self._closed:
            raise ValueError(f"{self!r} is closed, by its user or by an answer that did not come: make another")
        try:
            yield
        except BaseException as error:
            self.close()
            raise self._told(error) from error

    def _told(self, error: BaseException) -> BaseException:
        if isinstance(error, OSError):
            return ConnectionError(f"{self.name}: no such instrument answers: {error}")
        if type(error).__module__.startswith("pyvisa"):
            return TimeoutError(
                f"{self.name}: no answer within {self.timeout:g} s, and the connection is closed; was it as it is, and "
                f"does the instrument know the commands of mho chip serve? ({error})"
            )
        return error


class InstrumentFactor(Programmed):
    """A matrix in an instrument, beside the matrix that was meant.

    Parameters
    ----------
    A : ndarray of shape (m, k)
        The matrix.
    penalty : Penalty
        With numbers for each column.
    engine : Instrument
        Holder of the arrays.
    """

    def __init__(self, A: np.ndarray, penalty: Penalty, engine: Instrument) -> None:
        if np.any(as_penalty(penalty).l2_known):
            raise ValueError("l2_known must be 0 on an instrument, whose ridge is programmed once for all")
        self.A, self.engine, self.written = A, engine, False
        root, prior = np.sqrt(penalty.vector("l2", A.shape[1])), penalty.vector("prior", A.shape[1])
        on = root > 0
        self.augmented = np.vstack([np.asarray(A, np.float64), np.diag(root)[on]])
        self._pull, self.price = (root * prior)[on], float(penalty.l1)

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; a loop needs no start."""
        operand = as_matrix(check_rhs(B, self.A.shape, start))
        n, step = operand.shape[1], max(1, _BLOCK // max(self.augmented.shape))
        parts = [self._solved(operand.column_range(j, min(n, j + step)).filled()) for j in range(0, n, step)]
        return np.hstack(parts).astype(self.A.dtype, copy=False)

    def _solved(self, B: np.ndarray) -> np.ndarray:
        pull = np.broadcast_to(self._pull[:, None], (len(self._pull), B.shape[1]))
        return self.engine.solved(self, np.vstack([B, pull]))

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`; computed here."""
        return squared_error(self.A, check_rhs(B, self.A.shape, X), X)


def _opened(resource: Any, visa_library: str) -> tuple[Any, str]:
    """Return a resource of pyvisa and its name."""
    if not isinstance(resource, str):
        if not hasattr(resource, "read_bytes"):
            raise TypeError(f"resource must be VISA's name of an instrument or a resource of pyvisa, got {resource!r}")
        return resource, str(resource.resource_name)
    try:
        import pyvisa
    except ImportError:
        raise ImportError("Instrument needs pyvisa and pyvisa-py: pip install 'mho[instrument]'") from None
    try:
        return pyvisa.ResourceManager(visa_library).open_resource(resource), resource
    except (pyvisa.Error, ValueError, OSError) as error:
        raise ConnectionError(f"{resource}: no such instrument answers: {error}") from error


def _block(values: np.ndarray) -> bytes:
    """Return values, in C order, as a definite-length block of little-endian numbers."""
    data = np.ascontiguousarray(values, "<f8").tobytes()
    length = b"%d" % len(data)
    return b"#%d%b%b" % (len(length), length, data)
