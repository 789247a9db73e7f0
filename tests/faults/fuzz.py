"""Read COUNT damaged files, the kinds in turn; print each that ends otherwise than well or with one error of its name.

Usage: fuzz.py COUNT [STATE]     the file STATE keeps what has passed: the same command goes on from there
       fuzz.py KIND FIRST COUNT  files of one kind in this process; prints what went wrong as JSON
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz_kinds import KINDS, UNNAMED
from mutate import damaged

CHUNK = 1000
LONGEST = 300
"""Characters of an error without the name of its file."""

PATIENCE = 20
"""Seconds of processor time that a file may take."""

MEMORY = 6 << 30


def fault(read, path, named):
    """Return what is wrong with how `read` answers, if anything."""
    try:
        read(path)
    except (ValueError, TypeError, OSError) as error:
        said = str(error)
        if named and (isinstance(error, TypeError) or not _names(said, path)):
            return f"unnamed {type(error).__name__}: {said[:200]} {_where(error)}"
        return f"long: {said}" if len(said.replace(str(path), "")) >= LONGEST else ""
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]} {_where(error)}"
    return ""


def _names(said, path):
    """Whether the file or, of a fit, its folder is named."""
    parents = [parent for parent in path.parents if "fit" in parent.parts]
    return any(str(named) in said for named in (path, *parents))


def _where(error):
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def chunk(kind, first, count):
    """Read files number `first` and on of a kind; which one it is goes to the file whose name stands in FUZZ_AT."""
    make, read = KINDS[kind]
    at = os.open(os.environ.get("FUZZ_AT", os.devnull), os.O_WRONLY)
    if "LD_PRELOAD" not in os.environ:  # sanitizers take room of their own
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        sound, tried = Path(folder, "sound"), Path(folder, "tried")
        sound.mkdir()
        make(sound)
        files = {path.relative_to(sound): path.read_bytes() for path in sorted(sound.rglob("*")) if path.is_file()}
        for number in range(first, first + count):
            os.pwrite(at, b"%12d" % number, 0)
            resource.setrlimit(resource.RLIMIT_CPU, (_seconds() + PATIENCE, -1))
            path = written(files, sound, tried, random.Random(f"{kind} {number}"))
            if wrong := fault(read, path, kind not in UNNAMED):
                print(json.dumps({"kind": kind, "number": number, "file": path.name, "wrong": wrong}), flush=True)


def _seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime + used.ru_stime) + 1


def written(files, sound, tried, rng):
    """Write one damaged file, and what belongs to it, to an empty folder; return its path."""
    shutil.rmtree(tried, ignore_errors=True)
    name = rng.choice(list(files))
    if len(name.parts) > 1:
        shutil.copytree(sound / name.parts[0], tried / name.parts[0])
    else:
        tried.mkdir()
    path, others = tried / name, [data for data in files.values() if data]
    path.write_bytes(damaged(name.name, files[name], others, rng))
    return path


def whole_chunk(kind, first, count):
    """Read a chunk in processes of its own, a new one after each that a file ended; return what was wrong."""
    wrong = []
    end = first + count
    with tempfile.NamedTemporaryFile() as at:
        while first < end:
            command = [sys.executable, __file__, kind, str(first), str(end - first)]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"FUZZ_AT": at.name})
            wrong += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
            if not done.returncode:
                break
            first = int(Path(at.name).read_text() or first)
            told = f"exit code {done.returncode}: {done.stderr[-300:]}"
            wrong.append({"kind": kind, "number": first, "wrong": told})
            first += 1
    return wrong


def main(count, state=None):
    """Read `count` files, those that `state` says have passed left out; return how many went wrong."""
    each = -(-count // len(KINDS))
    chunks = [(kind, first, min(CHUNK, each - first)) for first in range(0, each, CHUNK) for kind in KINDS]
    passed = {tuple(json.loads(line)) for line in _lines(state)}
    wrong = 0
    todo = [part for part in chunks if part not in passed]
    with ThreadPoolExecutor(int(os.environ.get("FUZZ_JOBS", os.cpu_count() or 1))) as pool:
        for part, found in zip(todo, pool.map(lambda part: whole_chunk(*part), todo), strict=True):
            for one in found:
                print(json.dumps(one), flush=True)
            if state and not found:
                with open(state, "a", encoding="utf-8") as stream:
                    print(json.dumps(part), file=stream)
            wrong += len(found)
    print(f"read {each * len(KINDS)} wrong {wrong}")
    return wrong


def _lines(state):
    return Path(state).read_text().splitlines() if state and Path(state).exists() else []


if __name__ == "__main__":
    if len(sys.argv) == 4:
        chunk(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(bool(main(int(sys.argv[1]), *sys.argv[2:])))
