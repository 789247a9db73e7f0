"""Recordings in files: CSV and TSV, JSON lines, Parquet, WAV and FLAC, .mat and .npy; read in parts of any size."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from mho.data import DataError
from mho.data.errors import damaged
from mho.data.text import open_bytes
from mho.monitor.recording import Recording
from mho.monitor.timestamps import TimeReader

__all__ = ["FileFormat", "as_recordings", "labels_in", "read_labels", "read_recording", "recording_parts", "text_parts"]

_TIMES = ("t", "time", "datetime", "timestamp", "date", "ts", "time_s", "zeit", "datum")
_LABELS = ("anomaly", "changepoint", "label", "labels", "fault", "is_anomaly", "outlier")
_PART = 1 << 13
_SNIFFED = 1 << 16
_MOST_COLUMNS = 10_000
_LONGEST_LINE = 1 << 20
_UNKNOWN = ("", "na", "n/a", "nan", "null", "none", "-", "?")


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """Facts that a file does not tell itself.

    Attributes
    ----------
    rate : float or None
        Samples a second, where there are no times.
    key : str or None
        Variable of a .mat file, fields parted by points: ``bearing.gs``.
    labels : tuple of str
        Columns that are labels, not channels; besides those called anomaly, changepoint, label, fault and the like.
    """

    rate: float | None = None
    key: str | None = None
    labels: tuple[str, ...] = ()

    def is_label(self, name: str) -> bool:
        """Return whether a column is labels."""
        return name in self.labels or name.strip().lower() in _LABELS


def read_recording(
    path: str | os.PathLike[str], *, rate: float | None = None, form: FileFormat | None = None
) -> Recording:
    """Read a whole file.

    Raises
    ------
    DataError
        The file is damaged or foreign, or its times do not rise; the message names the line.
    ValueError
        No rate is told.
    OSError
        It cannot be read.
    """
    parts = list(recording_parts(path, form or FileFormat(rate=rate)))
    if not parts:
        raise DataError(f"{path}: has no samples")
    times = np.concatenate([part.times for part in parts if part.times is not None])
    values = np.concatenate([part.values for part in parts])
    if len(times) < 2 and not (rate or (form and form.rate)):
        raise DataError(f"{path}: has but one row, which tells no rate")
    return Recording(values, times=times, rate=parts[0].rate, names=parts[0].names, source=str(path))


def as_recordings(source: Any, rate: float | None = None) -> list[Recording]:
    """Return recordings, whatever a caller gives: one, an array, a table of pandas, a file, or a list of such.

    Raises
    ------
    TypeError
        It is none of these.
    """
    if isinstance(source, Recording):
        return [source]
    if isinstance(source, str | os.PathLike):
        return [read_recording(source, rate=rate)]
    if hasattr(source, "columns") and hasattr(source, "index"):
        return [_from_table(source, rate)]
    if isinstance(source, np.ndarray):
        return [Recording(source, rate=rate or 0.0)]
    if isinstance(source, list | tuple) and source:
        return [recording for part in source for recording in as_recordings(part, rate)]
    kinds = "a Recording, an array, a table with times as its index, a file or a list of these"
    raise TypeError(f"source must be {kinds}, got {type(source).__name__}")


def _from_table(table: Any, rate: float | None) -> Recording:
    names = tuple(map(str, table.columns))
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)
    index = table.index
    if getattr(index, "dtype", np.dtype(object)).kind == "M":
        return Recording(values, times=index.to_numpy("datetime64[ns]").astype(np.int64) / 1e9, names=names)
    return Recording(values, rate=rate or 0.0, names=names)


def recording_parts(path: str | os.PathLike[str], form: FileFormat) -> Iterator[Recording]:
    """Yield a file in parts, in constant memory where its format allows that; errors as `read_recording`."""
    path = Path(path)
    suffix = "".join(path.suffixes[-2:]).lower().removesuffix(".gz")[-8:]
    kind = suffix.rpartition(".")[2]
    if kind in ("csv", "tsv", "txt", "dat", "jsonl", "ndjson"):
        with open_bytes(path) as stream, damaged(path, OSError, UnicodeDecodeError, csv.Error):
            with io.TextIOWrapper(stream, "utf-8-sig") as text:  # pyright: ignore[reportArgumentType]
                yield from text_parts(text, str(path), form)
        return
    readers = {"wav": _wav, "flac": _flac, "mat": _mat, "npy": _npy, "parquet": _parquet}
    if kind not in readers:
        taken = ".csv, .tsv, .txt, .jsonl (also .gz), .parquet, .wav, .flac, .mat or .npy"
        raise DataError(f"{path}: cannot be read: its name must end in {taken}")
    with path.open("rb"), damaged(path, Exception):
        recording = readers[kind](path, form)
    yield from _cut(recording)


def text_parts(stream: Any, source: str, form: FileFormat, *, rows: int = _PART) -> Iterator[Recording]:
    """Yield the rows of a table or of JSON lines in parts of so many, as they come.

    Raises
    ------
    DataError
        A line is no row, or a time does not rise; the message names the line.
    """
    first = stream.readline(_LONGEST_LINE)
    if not first.strip():
        return
    lines = _lines(stream, source)
    if first.lstrip().startswith("{"):
        yield from _Table(source, form, rows).json_parts(first, lines)
    else:
        yield from _Table(source, form, rows).csv_parts(first, lines)


def _lines(stream: Any, source: str) -> Iterator[str]:
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise DataError(f"{source}: has a line of more than {_LONGEST_LINE:,} characters")
        yield line


class _Table:
    """Rows of text, gathered to recordings."""

    def __init__(self, source: str, form: FileFormat, rows: int) -> None:
        self.source, self.form, self.line, self.most = source, form, 1, rows
        self.reader, self.rate, self.row = TimeReader(), form.rate or 0.0, 0
        self.times: list[float] = []
        self.values: list[list[float]] = []
        self.last = -np.inf
        self.comma = False

    def csv_parts(self, first: str, lines: Iterator[str]) -> Iterator[Recording]:
        second = next(lines, "")
        delimiter = _delimiter(first, second)
        header = next(csv.reader([first], delimiter=delimiter))
        rows = [second] if second else []
        if all(_number(cell, "," in cell) is not None for cell in header):  # no names: the line is data
            rows, header = [first, *rows], [f"c{n}" for n in range(len(header))]
            self.line = 0
        names = [name.strip() for name in header]
        if len(names) > _MOST_COLUMNS or len(set(names)) < len(names):
            raise DataError(
                f"{self.source}: its {len(names)} columns must have different names, at most {_MOST_COLUMNS:,}"
            )
        self.comma = delimiter != "," and any("," in cell for cell in second.split(delimiter))
        time = self._time_column(names, second.split(delimiter))
        columns = [n for n, name in enumerate(names) if n != time and not self.form.is_label(name)]
        names = [names[n] for n in columns]
        for line in chain(rows, lines):
            self.line += 1
            if not line.strip():
                continue
            cells = (
                next(csv.reader([line], delimiter=delimiter)) if '"' in line else line.rstrip("\r\n").split(delimiter)
            )
            if len(cells) != len(header):
                raise DataError(f"{self.source}: line {self.line:,} must have {len(header)} fields, has {len(cells)}")
            self._add(cells[time] if time is not None else None, [self._value(cells[n]) for n in columns])
            if len(self.times) >= self.most and (self.rate or len(self.times) > 1):
                yield self._part(names)
        yield from self._rest(names)

    def json_parts(self, first: str, lines: Iterator[str]) -> Iterator[Recording]:
        names: list[str] = []
        for line in chain([first], lines):
            try:
                row = json.loads(line) if line.strip() else None
                flat = None if row is None else {str(name): value for name, value in row.items()}
            except (ValueError, AttributeError, RecursionError):
                raise DataError(f"{self.source}: line {self.line:,} must be a JSON object, got {line[:40]!r}") from None
            if flat is not None:
                time = next((flat.pop(name) for name in list(flat) if name.lower() in _TIMES), None)
                names = names or [name for name in flat if not self.form.is_label(name)]
                strange = [name for name in flat if name not in names and not self.form.is_label(name)]
                if strange:
                    raise DataError(
                        f"{self.source}: line {self.line:,} has {strange[0][:40]!r}, which the first has not"
                    )
                values = [self._value(str(flat.get(name, ""))) for name in names]
                self._add(None if time is None else str(time), values)
            if len(self.times) >= self.most and (self.rate or len(self.times) > 1):
                yield self._part(names)
            self.line += 1
        yield from self._rest(names)

    def _time_column(self, names: Sequence[str], cells: Sequence[str]) -> int | None:
        for number, name in enumerate(names):
            if name.lower() in _TIMES:
                return number
        dated = [
            n for n, cell in enumerate(cells) if _number(cell, True) is None and ":" in cell and cell[:1].isdigit()
        ]
        return dated[0] if dated else None

    def _value(self, cell: str) -> float:
        number = _number(cell, self.comma)
        return np.nan if number is None else number

    def _add(self, time: str | None, values: list[float]) -> None:
        if time is None:
            if not self.rate:
                raise DataError(f"{self.source}: has no column of times; say its rate (rate=, --rate)")
            seconds = self.row / self.rate
        else:
            try:
                seconds = self.reader.seconds(time)
            except ValueError as error:
                raise DataError(f"{self.source}: line {self.line:,}: {error}") from None
        if seconds <= self.last:
            what = "repeats" if seconds == self.last else "goes back"
            raise DataError(f"{self.source}: line {self.line:,}: times must rise, but this one {what}")
        self.last, self.row = seconds, self.row + 1
        self.times.append(seconds)
        self.values.append(values)

    def _part(self, names: list[str]) -> Recording:
        times, values = np.array(self.times), np.array(self.values, np.float64).reshape(len(self.times), len(names))
        if not names:
            raise DataError(f"{self.source}: has no channel, only times and labels")
        if not self.rate and len(times) > 1:
            self.rate = 1 / float(np.median(np.diff(times)))
        self.times, self.values = [], []
        if not self.rate:
            raise DataError(f"{self.source}: has but one row, which tells no rate")
        part = Recording(values, rate=self.rate, names=tuple(names), source=self.source)
        object.__setattr__(part, "times", times)
        return part

    def _rest(self, names: list[str]) -> Iterator[Recording]:
        if self.times:
            yield self._part(names)


def _delimiter(first: str, second: str) -> str:
    counts = {mark: first.count(mark) for mark in ";\t|,"}
    for mark, count in counts.items():
        if count and second.count(mark) == count:
            return mark
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","


def _number(cell: str, comma: bool) -> float | None:
    """Return a cell as a number, NaN if it says that it is unknown, None if it is text."""
    cell = cell.strip().strip('"')
    if cell.lower() in _UNKNOWN:
        return np.nan
    if "_" in cell:
        return None
    try:
        return float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None


def _wav(path: Path, form: FileFormat) -> Recording:
    from scipy.io import wavfile

    rate, samples = wavfile.read(path)
    if form.rate and abs(form.rate / rate - 1) > 0.01:
        raise ValueError(f"its rate is {rate} Hz, not {form.rate:g}")
    names = (path.stem,) if samples.ndim == 1 else tuple(f"c{n}" for n in range(samples.shape[-1]))
    return Recording(samples, rate=float(rate), names=("c0",) if samples.ndim == 1 else names, source=str(path))


def _flac(path: Path, form: FileFormat) -> Recording:
    try:
        import soundfile
    except ImportError:
        raise ValueError("FLAC needs the package soundfile: pip install 'mho[monitor]'") from None
    samples, rate = soundfile.read(path)
    return Recording(samples, rate=float(rate), source=str(path))


def _npy(path: Path, form: FileFormat) -> Recording:
    return Recording(np.load(path, allow_pickle=False), rate=form.rate or 0.0, source=str(path))


def _mat(path: Path, form: FileFormat) -> Recording:
    from scipy.io import loadmat

    found: Any = loadmat(path, squeeze_me=True, struct_as_record=False)
    names = [name for name in found if not name.startswith("__")]
    if form.key is None:
        raise ValueError(f"say which variable (--key), among {', '.join(names)}; fields as in bearing.gs")
    value = found
    for part in form.key.split("."):
        known = list(value if isinstance(value, dict) else getattr(value, "_fieldnames", []))
        if part not in known:
            raise ValueError(f"has no {form.key}, but {', '.join(name for name in known if name[:2] != '__')}")
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return Recording(np.asarray(value, np.float64), rate=form.rate or 0.0, source=str(path))


def _parquet(path: Path, form: FileFormat) -> Recording:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    names = [name for name in table.column_names if not form.is_label(name)]
    time = next((name for name in names if name.lower() in _TIMES), None)
    channels = [name for name in names if name != time]
    columns = [np.asarray(table.column(name).to_numpy(), np.float64) for name in channels]
    times = None
    if time is not None:
        column = table.column(time).to_numpy()
        times = column.astype("M8[ns]").astype(np.int64) / 1e9 if column.dtype.kind == "M" else column.astype(float)
    return Recording(
        np.column_stack(columns), rate=form.rate or 0.0, times=times, names=tuple(channels), source=str(path)
    )


def _cut(recording: Recording) -> Iterator[Recording]:
    """Yield parts of a second or `_PART` samples, whichever is more."""
    step = max(_PART, round(recording.rate))
    for begin in range(0, len(recording), step):
        assert recording.times is not None
        part = replace(recording)
        object.__setattr__(part, "values", recording.values[begin : begin + step])
        object.__setattr__(part, "times", recording.times[begin : begin + step])
        yield part


def read_labels(path: str | os.PathLike[str], column: str, *, form: FileFormat | None = None) -> np.ndarray:
    """Return a column of labels of a table, one a row.

    Raises
    ------
    DataError
        It has no such column, or one that does not hold a number in each row.
    """
    labelled = _WithLabel(rate=(form.rate if form else None) or 1.0, labels=())
    recording = read_recording(path, form=labelled)
    if column not in recording.names:
        raise DataError(f"{path}: has no column {column!r} of labels, but {', '.join(recording.names)[:200]}")
    labels = recording.values[:, recording.names.index(column)]
    unknown = np.flatnonzero(np.isnan(labels))
    if len(unknown):
        raise DataError(
            f"{path}: its label {column!r} must be a number, 0 healthy, but row {unknown[0] + 1:,} has none"
        )
    return labels


class _WithLabel(FileFormat):
    """A format that takes labels for channels."""

    def is_label(self, name: str) -> bool:
        """Return False: labels are wanted."""
        return False


def labels_in(path: str | os.PathLike[str], form: FileFormat) -> dict[str, list[int]]:
    """Return the rows of a file, from 1, that its columns of labels call faulty, by column."""
    if not str(path).lower().endswith((".csv", ".tsv", ".txt", ".csv.gz", ".parquet")):
        return {}
    recording = read_recording(path, form=_WithLabel(rate=form.rate or 1.0))
    columns = [(name, recording.values[:, n]) for n, name in enumerate(recording.names) if form.is_label(name)]
    found = {name: (np.flatnonzero(np.nan_to_num(values) > 0) + 1).tolist() for name, values in columns}
    return {name: rows for name, rows in found.items() if rows}
