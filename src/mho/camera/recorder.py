"""Recorder: writes the clips that were kept, the index, the timeline and the status of a running camera."""

from __future__ import annotations

import errno
import hashlib
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from mho.camera.budget import Past
from mho.camera.camera import Camera, Clip
from mho.camera.clip_file import Piece, is_copied, thumbnail_jpeg, write_clip
from mho.camera.index import Index
from mho.camera.prices import Prices
from mho.camera.quantities import is_of_bytes
from mho.camera.source import Packet, Source
from mho.camera.state import Event
from mho.camera.timeline import MOST_ROWS, write_timeline
from mho.camera.watch import rolls
from mho.data.errors import DataError
from mho.data.file_lock import lock_folder
from mho.data.output import remove_abandoned, replacing
from mho.data.sealed_json import read_facts, write_facts

__all__ = ["ROLL", "Recorder"]

ROLL = 1.0
"""Seconds that a clip shows before and after what is to be seen in it."""

_LONGEST = 60.0
"""Seconds of neighbouring windows that are one clip."""

_LINE = 600
"""Bytes of a clip's line of the index, about."""

_STATE = "mho camera state 1"
_CLIPS = "????-??-??/*.mp4"
_HOUR = 3600.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_DAY = 86_400.0


@dataclass(eq=False)
class _Run:
    """Neighbouring windows with the same decision; one clip, if they are kept.

    Attributes
    ----------
    clips : list of Clip
    follows, goes_on : bool
        It goes on from another clip, or in another: one clip would be too long.
    between : list of Clip
        Dropped windows after kept ones: part of the clip if its file reaches the next kept one.
    lead : callable
        Second at which a file begins that shows something from a second on.
    """

    clips: list[Clip]
    follows: bool = False
    goes_on: bool = False
    between: list[Clip] = field(default_factory=list)
    lead: Callable[[float], float] = lambda t: t

    @property
    def start(self) -> float:
        return self.clips[0].start

    @property
    def end(self) -> float:
        return self.clips[-1].end

    @property
    def shown(self) -> tuple[float, float]:
        """First and last second of the clip's file."""
        before, _ = rolls(self.clips[0].calm, ROLL)
        _, after = rolls(self.clips[-1].calm, ROLL)
        return self.start - before * (not self.follows), self.end + after * (not self.goes_on)

    @property
    def kept(self) -> bool:
        return self.clips[0].kept

    @property
    def best(self) -> Clip:
        return max((clip for clip in self.clips if clip.kept == self.kept), key=lambda clip: clip.score)

    def take(self, clip: Clip) -> bool:
        """Take in the next window if it belongs to this run, or may."""
        if not self.precedes(clip) or clip.end - self.start > _LONGEST:
            return False
        if clip.kept == self.kept:
            if self.between and not self.reaches(clip.start - rolls(clip.calm, ROLL)[0]):
                return False
            self.clips += [*self.between, clip]
            self.between = []
            return True
        covered = self.kept and self.reaches(clip.end - ROLL)
        if covered:
            self.between.append(clip)
        return covered

    def reaches(self, begin: float) -> bool:
        """Whether a file of what begins then would begin before this one ends."""
        return self.lead(begin) <= self.shown[1] + 1e-6

    def precedes(self, clip: Clip) -> bool:
        return clip.number == (self.between or self.clips)[-1].number + 1


@dataclass(eq=False)
class Recorder:
    """Writes to a folder of its own, which it locks.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    camera : Camera
        With its masks.
    source : Source
        With a ring of packets if clips are written.
    began : float
        Seconds since 1970 at time 0 of the stream's clock.
    clips : bool
        Write clips and thumbnails; False: numbers only.
    encode : bool
        Encode clips again as H.264.
    days, most_bytes : float, optional
        Retention of the clips.
    told : callable, optional
        Called with every line of the index.
    """

    folder: Path
    camera: Camera
    source: Source
    began: float
    clips: bool = True
    encode: bool = False
    days: float | None = None
    most_bytes: float | None = None
    told: Callable[[dict[str, Any]], None] = lambda row: None
    _run: _Run | None = None
    _oldest: int = 0
    _prices: Prices | None = None
    _stack: ExitStack = field(default_factory=ExitStack)
    encode_seconds: float = 0.0
    full: bool = False

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(lock_folder(self.folder))
            self._recover()
            self.index = Index(self.folder)
            stack.callback(self.index.close)
            self._add_missing()
            self.camera.roll = ROLL
            self.camera.bytes_of = self._bytes_of if self.source.ring and is_of_bytes(self.camera.keep) else None
            self.camera.begin()
            self._restore()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            self.close_run()
            self.snapshot()

    # -- what comes ----------------------------------------------------------------------------------------------

    def take(self, clips: list[Clip]) -> None:
        """Take in decisions, in their order."""
        for clip in clips:
            self._take(clip)
        if clips:
            waiting_from = self._run.start if self._run is not None and self._run.kept else clips[-1].end
            self.source.forget(waiting_from - ROLL)

    def _take(self, clip: Clip) -> None:
        follows = False
        while self._run is not None and not self._run.take(clip):
            run = self._run
            follows = run.goes_on = run.kept and clip.kept and not run.between and run.precedes(clip)
            self._close(run)
        if self._run is None:
            self._run = _Run([clip], follows, lead=self._lead)

    def event(self, event: Event) -> None:
        """Write an event to the index."""
        self._append({"kind": event.kind, "start": self._clock(event.time), "text": event.text})

    def close_run(self) -> None:
        """Write what was begun."""
        while self._run is not None:
            self._close(self._run)

    def _close(self, run: _Run) -> None:
        self._run = _Run(run.between, lead=self._lead) if run.between else None
        best = run.best
        row = {
            "kind": "kept" if best.kept else "dropped",
            "start": self._clock(run.start),
            "end": self._clock(run.end),
            "score": round(best.score, 3),
            "why": best.why,
            "zone": best.zone,
            "boxes": best.boxes,
            "frame": self.camera.scene_.grid.frame[::-1],
        }
        if best.kept and self.clips:
            row |= self._written(run)
        self._append(row)

    def _append(self, row: dict[str, Any]) -> None:
        try:
            self.told(self.index.append(row))
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.full = True

    # -- clips ---------------------------------------------------------------------------------------------------

    def _written(self, run: _Run) -> dict[str, Any]:
        """Write the clip of a run of kept windows; return what the index says of it."""
        packets = self._packets(run.shown, run.start)
        if not packets:
            return {"lost": "its pictures had left the ring"}
        path = self._path(run.start)
        begin = time.process_time()
        try:
            return self._with_room(lambda: self._write(path, packets, run))
        except ValueError as error:
            return {"lost": str(error)}
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.full = True
            return {"lost": "the disk is full"}
        finally:
            self.encode_seconds += time.process_time() - begin

    def _with_room(self, write: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Write; where the disk is full, remove the oldest clip and try again."""
        while True:
            try:
                return write()
            except OSError as error:
                if error.errno not in _NO_ROOM or not self._remove_oldest("the disk was full"):
                    raise

    def _write(self, path: Path, packets: list[Packet], run: _Run) -> dict[str, Any]:
        path.parent.mkdir(exist_ok=True)
        picture = path.with_suffix(".jpg")
        with replacing(picture, durable=False) as temporary:
            temporary.write_bytes(thumbnail_jpeg(run.best.thumbnail))
        with replacing(path) as temporary:
            start, end = run.shown
            pieces = write_clip(temporary, packets, self.camera.masks, start=start, end=end, encode=self.encode)
            data = temporary.read_bytes()
        self._learn(pieces, run, len(data) + picture.stat().st_size)
        name = path.relative_to(self.folder).as_posix()
        return {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def _lead(self, t: float) -> float:
        """Return the second at which a file begins that shows something from a second on: a copy, at a key frame."""
        return self.source.key_before(t) if self._copies() else t

    def _copies(self) -> bool:
        packets = self.source.packets
        return bool(packets) and is_copied(packets[-1], self.camera.masks, encode=self.encode)

    def _bytes_of(self, begin: float, start: float, end: float, moving: bool) -> tuple[int, tuple[float, int]]:
        """Return the bytes of a window, and of a file of it alone, shown from `begin`, second and bytes."""
        if self._prices is None:
            self._prices = Prices(encoded=not self._copies())
            self._measure(start, end, moving=moving)
        prices, lead, sent = self._prices, self._lead(begin), self.source.size
        size = prices.of(sent(start, end), moving=moving)
        before = prices.of(sent(lead, start), moving=False) - prices.of(sent(start, lead), moving=moving)
        return size, (lead, size + before + prices.beginning)

    def _measure(self, start: float, end: float, *, moving: bool) -> None:
        """Encode a window, and write it nowhere, to know what clips take before there is one."""
        packets = self._packets((start, end), start)
        if self._prices is None or not self._prices.encoded or not packets:
            return
        with suppress(ValueError):
            pieces = write_clip(None, packets, self.camera.masks, start=start, end=end)
            self._prices.learn(pieces, (start if moving else end, end), self.source.size)
            self._prices.learn_beginning(pieces[0].size + _LINE)

    def _learn(self, pieces: list[Piece], run: _Run, size: int) -> None:
        """Learn what clips cost from one of so many bytes, its thumbnail included."""
        if self._prices is None:
            return
        key = 0
        if self._prices.encoded:
            moving = run.start + run.clips[0].calm[0], run.end - run.clips[-1].calm[1]
            self._prices.learn(pieces, moving, self.source.size)
            key = pieces[0].size
        self._prices.learn_beginning(size - sum(piece.size for piece in pieces) + key + _LINE)
        self.camera.correct_cost(run.start, run.end, size + _LINE)

    def _packets(self, shown: tuple[float, float], inside_of: float) -> list[Packet]:
        """Return packets of the segment of a time, from the key frame before what is shown to its end."""
        start, end = shown
        packets = list(self.source.packets)
        count = max((n for n, kept in enumerate(packets, 1) if kept.time < end), default=0)
        inside = packets[:count]  # with those later ones that frames before the end are predicted from
        first = [n for n, kept in enumerate(inside) if kept.packet.is_keyframe and kept.time <= start]
        keys = [n for n, kept in enumerate(inside) if kept.packet.is_keyframe]
        if not keys:
            return []
        begin = first[-1] if first else keys[0]
        middle = next((kept for kept in inside[begin:] if kept.time >= inside_of), None)
        if middle is None:
            return []
        chosen = [kept for kept in inside[begin:] if kept.segment is middle.segment]
        while chosen and not chosen[0].packet.is_keyframe:
            chosen.pop(0)
        return chosen

    def _path(self, start: float) -> Path:
        at = datetime.fromtimestamp(self.began + start, UTC).astimezone()
        folder, name, number = self.folder / f"{at:%Y-%m-%d}", f"{at:%H-%M-%S}", 1
        path = folder / f"{name}.mp4"
        while path.exists():
            number += 1
            path = folder / f"{name}-{number}.mp4"
        return path

    def _clock(self, t: float) -> str:
        return datetime.fromtimestamp(self.began + t, UTC).astimezone().isoformat(timespec="milliseconds")

    # -- retention -----------------------------------------------------------------------------------------------

    def retain(self) -> None:
        """Remove clips that are older, or more, than is kept."""
        days = math.inf if self.days is None else self.days
        most = math.inf if self.most_bytes is None else self.most_bytes
        if math.isinf(days) and math.isinf(most):
            return
        now = self.began + self.source.now
        total = sum(path.stat().st_size for path in self.folder.glob(_CLIPS))
        for row in self._present():
            if now - datetime.fromisoformat(row["start"]).timestamp() > days * _DAY:
                self._remove(row, f"older than {self.days:g} days")
            elif total > most:
                self._remove(row, "the oldest, for room")
            else:
                break
            total -= row["bytes"]

    def _present(self) -> Iterator[dict[str, Any]]:
        """Give the lines of clips that are there, the oldest first."""
        for row in self.index.rows(self._oldest):
            self._oldest = row["n"]
            if row.get("sha256") and (self.folder / row["file"]).exists():
                yield row

    def _remove_oldest(self, why: str) -> bool:
        for row in self._present():
            self._remove(row, why)
            return True
        return False

    def _remove(self, row: dict[str, Any], why: str) -> None:
        path = self.folder / row["file"]
        path.unlink(missing_ok=True)
        path.with_suffix(".jpg").unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()
        self._append({"kind": "removed", "start": row["start"], "file": row["file"], "text": why})

    # -- crashes -------------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        """Remove what a killed run left half written."""
        for folder in [self.folder, *self.folder.glob("????-??-??")]:
            remove_abandoned(folder)

    def _add_missing(self) -> None:
        """Add clips to the index that were complete when a run was killed before their line was."""
        missing = {path.relative_to(self.folder).as_posix() for path in self.folder.glob(_CLIPS)}
        for row in self.index.rows():
            missing.discard(row.get("file", ""))
        for name in sorted(missing):
            path = self.folder / name
            data = path.read_bytes()
            start = datetime.strptime(f"{path.parent.name} {path.stem[:8]}", "%Y-%m-%d %H-%M-%S").astimezone()
            facts = {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            at = {"start": start.isoformat(timespec="milliseconds"), "score": None, "why": "found after a crash"}
            self._append({"kind": "kept", **at, **facts})
        clips = {path.with_suffix("") for path in self.folder.glob(_CLIPS)}
        for picture in self.folder.glob("????-??-??/*.jpg"):
            if picture.with_suffix("") not in clips:
                picture.unlink()

    def snapshot(self) -> None:
        """Write the scores of the last hour, the status and the timeline."""
        try:
            past = [(self.began + window.end, *window[1:]) for window in self.camera.past_windows()]
            write_facts(self.folder / "state.json", _STATE, {"keep": str(self.camera.keep), "past": past})
            latest = self.index.rows(len(self.index) - MOST_ROWS)
            write_timeline(self.folder / "timeline.html", latest, self.folder)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.full = True

    def _restore(self) -> None:
        """Take up the scores of the last hour of an earlier run."""
        path = self.folder / "state.json"
        if not path.exists():
            return
        try:
            facts, _ = read_facts(path, _STATE, None)
            past = [Past(float(at) - self.began, *map(float, rest)) for at, *rest in facts["past"]]
            same = facts["keep"] == str(self.camera.keep)
        except (DataError, KeyError, TypeError, ValueError):
            return  # an hour's scores are soon made up for
        if same:  # else they weigh, and have cost, something else
            self.camera.remember_windows(window for window in past if -_HOUR < window.end <= 0)
