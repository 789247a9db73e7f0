"""The monitor beside the machine: journal first, then scores; alarms leave through an outbox and a log."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mho.data import DataError
from mho.data.sealed_json import read_facts, write_facts
from mho.journal import Journal, Outbox
from mho.monitor.alarm_log import AlarmLog
from mho.monitor.intake import Duplicates, Sorter
from mho.monitor.monitor import Monitor, Result
from mho.monitor.payload import Samples, read_payload

__all__ = ["Service"]

_SNAPSHOT = "mho monitor state 1"
_STATE, _PREVIOUS = "state.json", "state.previous.json"
_SNAPSHOT_SECONDS = 60.0
_RATE_TOLERANCE = 0.01
_LATE_WINDOWS = 2
_MOST_MESSAGES = 1 << 60


class Service:
    """A monitor whose state survives a kill at any moment.

    A message is journalled by `receive`; once `journal.durable` has reached its number it may be acknowledged. `work`
    scores what is journalled. Results depend on the messages in the order of the journal alone, so that a restart,
    which takes the last snapshot and the journal after it, goes on as if nothing had happened.

    Parameters
    ----------
    monitor : Monitor
        After `learn`.
    folder : str or path
        Of the state; a second process is refused.
    log : str or path, optional
        File of alarms; by default ``alarms.jsonl`` in the folder.
    raw : {"", "<i2", "<f4"}
        Kind of numbers, if messages are raw blocks.
    max_bytes : int
        Of the journal: at the cap the oldest messages are dropped and counted, alarms never.
    posts : bool
        Whether alarms wait in the outbox until somebody has posted them; else the log alone takes them.

    Attributes
    ----------
    journal : Journal
    outbox : Outbox
        Of alarm events, by id and event.
    notes : list of str
        What was damaged when the state was opened.
    counts : dict of str to int
        Messages scored, refused and of unknown channels.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from mho.monitor import Monitor, Recording
    >>> from mho.monitor.service import Service
    >>> monitor = Monitor(false_alarms=0.05)
    >>> report = monitor.learn(Recording(np.random.default_rng(0).normal(0, 1, 400), rate=1.0, names=("flow",)))
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Service(monitor, folder.name) as service:
    ...     for second in range(60):
    ...         number = service.receive("pump/flow", b'{"t": %d, "v": 0.1}' % second)
    ...     len(service.work())
    60
    >>> folder.cleanup()
    """

    def __init__(
        self,
        monitor: Monitor,
        folder: str | os.PathLike[str],
        *,
        log: str | os.PathLike[str] | None = None,
        raw: str = "",
        max_bytes: int = 1 << 30,
        posts: bool = True,
    ) -> None:
        self.monitor, self.folder, self._raw, self._posts = monitor, Path(folder), raw, posts
        self.counts = {"messages": 0, "scored": 0, "refused": 0, "unknown": 0}
        self.notes: list[str] = []
        self.duplicates = Duplicates()
        self._sorters = {
            channel.name: Sorter(channel.rate, _LATE_WINDOWS * model.seconds)
            for model in monitor.streams
            for channel in model.channels
        }
        self._reached, self._news = float("-inf"), False
        self._done, self._kept, self._snapshot_at, self._most_bytes = -1, -1, time.monotonic(), max_bytes
        with ExitStack() as stack:
            self.journal = stack.enter_context(Journal(self.folder / "journal", max_bytes=max_bytes))
            self.outbox = stack.enter_context(Outbox(self.folder / "outbox"))
            self.log = AlarmLog(log or self.folder / "alarms.jsonl")
            stack.callback(self.log.close)
            self.notes += [*self.journal.notes, *self.outbox.notes]
            self._restore()
            self._closing = stack.pop_all()

    def receive(
        self, topic: str, payload: bytes, arrived: float | None = None, told: Mapping[str, str] | None = None
    ) -> int:
        """Journal a message; return its number in the journal.

        Parameters
        ----------
        topic : str
            Its last part names the channel, where the message does not.
        payload : bytes
            The message.
        arrived : float, optional
            Time of a message that tells none; by default now.
        told : mapping of str to str, optional
            What stands beside it: "t", "rate" and "ch", as in `read_payload`, and "again" if it was sent before.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        beside = [dict(told)] if told else []
        head = json.dumps([topic, time.time() if arrived is None else arrived, *beside]).encode()
        data = len(head).to_bytes(4, "little") + head + payload
        number = self.journal.append(data)
        self._pending.append((number, data))
        return number

    def work(self, *, keep: bool = True) -> list[Result]:
        """Score what has been journalled since; return the results.

        Parameters
        ----------
        keep : bool
            Write a snapshot where one is due; else that is for the caller to do, once alarms are on their way.
        """
        found: list[Result] = []
        while self._pending:
            number, data = self._pending.popleft()
            found += self._message(data)
            self._done = number
        if keep:
            self.keep()
        return found

    def keep(self) -> None:
        """Write a snapshot if an alarm came, a minute went by or the journal is half full."""
        late = time.monotonic() - self._snapshot_at > _SNAPSHOT_SECONDS
        if late or self._news or self.journal.size > self._most_bytes // 2:
            self.snapshot()

    def finish(self) -> list[Result]:
        """Score what still waits for other channels; the stream has ended."""
        results = self.monitor.flush()
        self._publish(results)
        return results

    def snapshot(self) -> None:
        """Write all that the next results depend on, and forget what was journalled for it.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        self.journal.sync()
        path, previous = self.folder / _STATE, self.folder / _PREVIOUS
        if path.exists():
            os.replace(path, previous)
        write_facts(path, _SNAPSHOT, self._facts())
        self.journal.forget(self._kept)  # what the older snapshot needs stays
        self._kept = self._done
        self._snapshot_at, self._news = time.monotonic(), False

    def summary(self) -> dict[str, Any]:
        """Return counts and open alarms: what is published as the current state."""
        open_alarms = [alarm.facts() for alarm in self.monitor.alarms if alarm.closed is None]
        lost = {"lost_samples": self.journal.lost_samples, "lost_messages": self.journal.lost_records}
        late = sum(sorter.late for sorter in self._sorters.values())
        return self.counts | lost | {"late": late, "duplicates": self.duplicates.dropped, "open": open_alarms}

    def close(self) -> None:
        """Write a snapshot, and let others have the folder."""
        with self._closing:
            self.snapshot()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _message(self, data: bytes) -> list[Result]:
        self.counts["messages"] += 1
        length = int.from_bytes(data[:4], "little")
        topic, arrived, *beside = json.loads(data[4 : 4 + length])
        told = beside[0] if beside else {}
        try:
            samples = read_payload(topic, data[4 + length :], arrived, raw=self._raw, told=told)
            results = [result for one in samples for result in self._samples(one, "again" in told)]
        except ValueError:
            self.counts["refused"] += 1
            return []
        self._publish(results)
        return results

    def _samples(self, samples: Samples, again: bool) -> Iterable[Result]:
        sorter = self._sorters.get(samples.channel)
        if sorter is None:
            self.counts["unknown"] += 1
            return
        channel = self._channel(samples.channel)
        if samples.rate is not None and abs(samples.rate / channel.rate - 1) > _RATE_TOLERANCE:
            raise ValueError(f"{samples.channel}: rate changed from {channel.rate:g} to {samples.rate:g} Hz")
        if not self.duplicates.is_new(samples, again):
            return
        self.counts["scored"] += len(samples.values)
        time = samples.time if samples.timed else sorter.arrived(samples.time, len(samples.values))
        for begin, values in sorter.push(time, samples.values):
            times = begin + sorter.ahead + np.arange(len(values)) / channel.rate
            yield from self.monitor.update(samples.channel, times, values)
            self._reached = max(self._reached, float(times[-1]))
        yield from self.monitor.flush(self._reached - _LATE_WINDOWS * self._longest())

    def _channel(self, name: str) -> Any:
        return next(c for model in self.monitor.streams for c in model.channels if c.name == name)

    def _longest(self) -> float:
        return max(model.seconds for model in self.monitor.streams)

    def _publish(self, results: list[Result]) -> None:
        """Log and post alarms that opened or closed; what has been is known to both by its name."""
        for result in results:
            alarm = result.alarm
            if alarm is None:
                continue
            event = "closed" if alarm.closed is not None else "stuck" if alarm.kind == "stuck" else "opened"
            facts = {"event": event} | alarm.facts()
            self._news |= self.log.add(facts)
            if self._posts:
                self._news |= self.outbox.put(f"{alarm.id}/{event}", json.dumps(facts).encode())

    def _facts(self) -> dict[str, Any]:
        return {
            "done": self._done,
            "monitor": self.monitor.state(),
            "sorters": {name: sorter.state() for name, sorter in self._sorters.items()},
            "duplicates": self.duplicates.state(),
            "counts": self.counts,
            "reached": None if self._reached == float("-inf") else self._reached,
        }

    def _restore(self) -> None:
        for path in (self.folder / _STATE, self.folder / _PREVIOUS):
            try:
                self._restore_from(path)
            except FileNotFoundError:
                continue
            except DataError as error:
                self.notes.append(f"{error}; the older snapshot is used")
                self.monitor.reset()
                continue
            break
        if self.journal.durable < self._done:
            gone = f"what follows record {self.journal.durable:,} is gone, to {self._done:,} it had been scored"
            self.notes.append(f"{self.journal.folder}: {gone}")
            self.journal.begin_at(self._done + 1)
        self._kept = self._done
        self._pending = deque((record.sequence, record.data) for record in self.journal.replay(self._done))

    def _restore_from(self, path: Path) -> None:
        facts, _ = read_facts(path, _SNAPSHOT, None)
        try:
            self.monitor.restore(facts["monitor"])
            for name, sorter in self._sorters.items():
                sorter.restore(facts["sorters"][name])
            self.duplicates.restore(facts["duplicates"])
            self.counts = {name: int(facts["counts"][name]) for name in self.counts}
            self._done = int(facts["done"])
            if not -1 <= self._done < _MOST_MESSAGES:
                raise ValueError(f"its message {self._done} is none")
            self._reached = float("-inf") if facts["reached"] is None else float(facts["reached"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{path}: cannot be gone on with: {error}") from None
