"""Read COUNT damaged files, the kinds in turn; print each that ends otherwise than well or with one error of its name.

Usage: fuzz.py COUNT [STATE]     the file STATE keeps what has passed: the same command goes on from there
       fuzz.py                   files of the kinds that standard input asks for, a line "KIND FIRST COUNT" each
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz_kinds import KINDS, UNNAMED
from mutate import damaged

CHUNK = 1000
"""Files of one kind that are asked for at once: as many are read again after a stop."""

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


def serve():
    """Read the files that standard input asks for; which one it is goes to the file whose name stands in FUZZ_AT."""
    at = os.open(os.environ.get("FUZZ_AT", os.devnull), os.O_WRONLY)
    if "LD_PRELOAD" not in os.environ:  # sanitizers take room of their own
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for line in sys.stdin:
            kind, first, count = line.split()
            _chunk(kind, int(first), int(count), Path(folder, kind), at)
            print("read", flush=True)


def _chunk(kind, first, count, folder, at):
    make, read = KINDS[kind]
    sound, tried = folder / "sound", folder / "tried"
    if not sound.exists():
        sound.mkdir(parents=True)
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


class Reader:
    """A process that reads files, begun anew after each file that ended it."""

    def __init__(self):
        self._at = tempfile.NamedTemporaryFile()
        self._process = None

    def read(self, kind, first, count):
        """Read files number `first` and on of a kind; return what was wrong."""
        wrong, end = [], first + count
        while first < end:
            found, code = self._asked(kind, first, end - first)
            wrong += found
            if code is None:
                break
            first = int(Path(self._at.name).read_text())
            wrong.append({"kind": kind, "number": first, "wrong": f"exit code {code}"})
            first += 1
        return wrong

    def _asked(self, kind, first, count):
        Path(self._at.name).write_text(f"{first:12}")
        process = self._process = self._process or self._begun()
        process.stdin.write(f"{kind} {first} {count}\n")
        process.stdin.flush()
        found = []
        for line in process.stdout:
            if line == "read\n":
                return found, None
            if line.startswith("{"):
                found.append(json.loads(line))
        self._process = None
        process.communicate()
        return found, process.returncode

    def _begun(self):
        environment = os.environ | {"FUZZ_AT": self._at.name}
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, text=True, env=environment)

    def close(self):
        if self._process:
            self._process.communicate()
        self._at.close()


def main(count, state=None):
    """Read `count` files, those that `state` says have passed left out; return how many went wrong."""
    each = -(-count // len(KINDS))
    chunks = [(kind, first, min(CHUNK, each - first)) for first in range(0, each, CHUNK) for kind in KINDS]
    passed = {tuple(json.loads(line)) for line in _lines(state)}
    wrong = 0
    todo = [part for part in chunks if part not in passed]
    own, readers = threading.local(), []

    def read(part):
        if not hasattr(own, "reader"):
            own.reader = Reader()
            readers.append(own.reader)
        return own.reader.read(*part)

    with ThreadPoolExecutor(int(os.environ.get("FUZZ_JOBS", os.cpu_count() or 1))) as pool:
        for part, found in zip(todo, pool.map(read, todo), strict=True):
            for one in found:
                print(json.dumps(one), flush=True)
            if state and not found:
                with open(state, "a", encoding="utf-8") as stream:
                    print(json.dumps(part), file=stream)
            wrong += len(found)
    for reader in readers:
        reader.close()
    print(f"read {each * len(KINDS)} wrong {wrong}")
    return wrong


def _lines(state):
    return Path(state).read_text().splitlines() if state and Path(state).exists() else []


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(bool(main(int(sys.argv[1]), *sys.argv[2:])))
    serve()
