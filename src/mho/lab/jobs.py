"""Jobs: long runs in processes of their own, with progress, cancel, and a list on the disk that survives a restart."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mho import checks
from mho.data import replacing

__all__ = ["KINDS", "Job", "Jobs"]

KINDS = ("factorize", "spice")
_LIVE = ("waiting", "running")
_TOGETHER = 2
_MOST = 100
_LONGEST_LINE = 2**27
_ID = re.compile(r"[0-9a-f]{16}")
_ENDED = "mho lab ended while this run was on its way; run it again"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run as the page's list shows it.

    Attributes
    ----------
    id : str
    kind : {"factorize", "spice"}
    state : {"waiting", "running", "done", "failed", "cancelled", "interrupted"}
    title : str
    created : float
        Seconds since 1970.
    total : int or None
        Iterations that were asked for.
    progress : dict or None
        Iteration, error and seconds of the last step.
    problem : str or None
        Why it failed, was cancelled or interrupted.

    Examples
    --------
    >>> from mho.lab.jobs import Job
    >>> Job(id="0" * 16, kind="spice", state="waiting", title="a circuit", created=0.0).total is None
    True
    """

    id: str
    kind: str
    state: str
    title: str
    created: float
    total: int | None = None
    progress: dict[str, Any] | None = None
    problem: str | None = None


@dataclass(eq=False)
class _Run:
    """A job of this server, while it is one."""

    job: Job
    step: dict[str, Any] | None = None
    version: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    cancelled: bool = False


class Jobs:
    """All jobs of a folder; at most two run at a time.

    Parameters
    ----------
    folder : Path
        A folder for each job: what was asked, how it stands, what came out.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._runs: dict[str, _Run] = {}
        self._slots = asyncio.Semaphore(_TOGETHER)
        self._tasks: set[asyncio.Task[None]] = set()
        for path in sorted(folder.glob("*/job.json")):
            with suppress(ValueError, TypeError, KeyError, OSError):  # not ours, or damaged: it is not listed
                self._load(path)

    def _load(self, path: Path) -> None:
        job = Job(**json.loads(path.read_text(encoding="utf-8")))
        if job.id != path.parent.name or not _ID.fullmatch(job.id):
            raise ValueError("the job is in another's folder")
        self._runs[job.id] = _Run(job)
        if job.state in _LIVE:
            self._change(self._runs[job.id], state="interrupted", problem=_ENDED)

    def listed(self) -> list[Job]:
        """Return all jobs, the newest first."""
        return sorted((run.job for run in self._runs.values()), key=lambda job: -job.created)

    def start(self, kind: str, request: Any, title: str, total: int | None) -> Job:
        """Enter a job; it begins as soon as fewer than two others run.

        Parameters
        ----------
        kind : str
            One of `KINDS`.
        request : JSON
            As `mho.lab.work` takes it.
        title : str
            For the list.
        total : int or None
            Iterations that it will take, if known.

        Raises
        ------
        ValueError
            The list is full.
        """
        checks.one_of(kind, "kind", KINDS)
        if len(self._runs) >= _MOST:
            raise ValueError(f"the list holds {_MOST} runs, which is all it takes: remove some")
        job = Job(id=secrets.token_hex(8), kind=kind, state="waiting", title=title, created=time.time(), total=total)
        self._folder(job.id).mkdir()
        _write(self._folder(job.id) / "request.json", {"kind": kind, "request": request})
        self._runs[job.id] = _Run(job)
        self._begin(self._runs[job.id])
        return job

    def resume(self, number: str) -> Job:
        """Run a job again that has ended without a result."""
        run = self._run(number)
        if run.job.state in (*_LIVE, "done"):
            raise ValueError(
                f"the run is {run.job.state}; only one that failed, was cancelled or interrupted runs again"
            )
        run.cancelled, run.step = False, None
        self._begin(run)
        return run.job

    def cancel(self, number: str) -> Job:
        """End a job that waits or runs."""
        run = self._run(number)
        if run.job.state in _LIVE:
            run.cancelled = True
            if run.process is not None:
                with suppress(ProcessLookupError):
                    run.process.terminate()
            else:
                self._change(run, state="cancelled", problem="cancelled before it began")
        return run.job

    def forget(self, number: str) -> None:
        """Remove a job that has ended, with its result."""
        run = self._run(number)
        if run.job.state in _LIVE:
            raise ValueError("the run is not over: cancel it first")
        del self._runs[number]
        shutil.rmtree(self._folder(number), ignore_errors=True)

    def get(self, number: str) -> Job:
        """Return a job.

        Raises
        ------
        KeyError
            There is none of that number.
        """
        return self._run(number).job

    def result(self, number: str) -> bytes:
        """Return the result of a job that is done, JSON."""
        job = self._run(number).job
        if job.state != "done":
            raise ValueError(f"the run has no result: it is {job.state}{f', {job.problem}' if job.problem else ''}")
        return (self._folder(number) / "result.json").read_bytes()

    async def events(self, number: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the state of a job at every change, with its newest step, until it has ended."""
        run, seen, told = self._run(number), -1, None
        while True:
            changed = run.changed
            if run.version != seen:
                seen, step = run.version, run.step
                yield {**asdict(run.job), **({"step": step} if step is not told and step is not None else {})}
                told = step
            elif run.job.state not in _LIVE:
                return
            else:
                await changed.wait()

    async def close(self) -> None:
        """End what runs; it is interrupted."""
        for run in self._runs.values():
            if run.process is not None:
                with suppress(ProcessLookupError):
                    run.process.terminate()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for run in self._runs.values():
            if run.job.state in _LIVE:
                self._change(run, state="interrupted", problem=_ENDED)

    def _run(self, number: str) -> _Run:
        if number not in self._runs:  # the only numbers that become a path
            raise KeyError("there is no such run")
        return self._runs[number]

    def _folder(self, number: str) -> Path:
        return self.folder / number

    def _begin(self, run: _Run) -> None:
        self._change(run, state="waiting", problem=None, progress=None)
        task = asyncio.create_task(self._work(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, run: _Run) -> None:
        async with self._slots:
            if run.cancelled:
                return
            folder = self._folder(run.job.id)
            run.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "mho.lab.work", str(folder)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_LINE,
                env={**os.environ, "MHO_NUM_THREADS": os.environ.get("MHO_NUM_THREADS", "1")},
            )
            if run.cancelled:  # while its process was made
                with suppress(ProcessLookupError):
                    run.process.terminate()
            else:
                self._change(run, state="running")
            said = await self._listen(run, run.process)
            code = await run.process.wait()
            run.process = None
            if run.job.id in self._runs:  # and was not forgotten meanwhile
                self._end(run, said, code)

    async def _listen(self, run: _Run, process: asyncio.subprocess.Process) -> str | None:
        """Take steps as they come; return what went wrong, if the process says so."""
        problem, assured = None, process.stdout
        assert assured is not None
        while line := await assured.readline():
            said = json.loads(line)
            problem = said.get("problem", problem)
            if "step" in said:
                run.step = said["step"]
                progress = {name: said["step"][name] for name in ("iteration", "error", "seconds")}
                self._change(run, durable=False, progress=progress)
        return problem

    def _end(self, run: _Run, said: str | None, code: int) -> None:
        if run.cancelled:
            self._change(run, state="cancelled", problem="cancelled")
        elif code == 0 and said is None:
            self._change(run, state="done")
        else:
            lost = f"its process was killed by signal {-code}" if code < 0 else f"its process ended with code {code}"
            self._change(run, state="failed", problem=said or f"{lost}; what it had found is lost, run it again")

    def _change(self, run: _Run, *, durable: bool = True, **changes: Any) -> None:
        run.job = replace(run.job, **changes)
        run.version += 1
        if durable:
            _write(self._folder(run.job.id) / "job.json", asdict(run.job))
        run.changed.set()
        run.changed = asyncio.Event()


def _write(path: Path, content: Any) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")
