"""The one writer: whole or not there, sealed, alone in its folder."""

import errno
import os
import platform
import resource
import signal
import subprocess
import sys
import threading
import time
import zlib

import numpy as np
import pytest

from mho.data import DataError, lock_folder, replacing
from mho.data.output import remove_abandoned
from mho.data.seal import BLANK, check_seal

_KILLED = """
import os, signal, sys
from pathlib import Path
from mho.data import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""

_OWNER = """
import sys, time
from mho.data import lock_folder
with lock_folder(sys.argv[1]):
    print("in", flush=True)
    time.sleep(60)
"""


def _killed(path):
    done = subprocess.run([sys.executable, "-c", _KILLED, path], check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path):
    target = tmp_path / "o.txt"
    target.write_text("old")
    _killed(target)
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".o.txt.part", "o.txt"]
    with replacing(target) as temporary:
        temporary.write_text("new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("o.txt", "new")]


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    target = tmp_path / "o.txt"
    with replacing(target) as first:
        first.write_text("first")
        with replacing(target) as second:
            second.write_text("second")
        assert first != second
        assert target.read_text() == "second"
        assert first.read_text() == "first"
    assert target.read_text() == "first"
    assert list(tmp_path.iterdir()) == [target]


def test_abandoned_files_are_removed_and_those_in_use_are_not(tmp_path):
    _killed(tmp_path / "a")
    with replacing(tmp_path / "b") as temporary:
        temporary.write_text("b")
        remove_abandoned(tmp_path)
        assert list(tmp_path.iterdir()) == [temporary]


def test_a_planted_link_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("dear")
    (tmp_path / ".o.part").symlink_to(victim)
    with replacing(tmp_path / "o") as temporary:
        temporary.write_text("mine")
    assert victim.read_text() == "dear"
    assert (tmp_path / "o").read_text() == "mine"


def test_the_longest_name_a_folder_takes_can_be_written(tmp_path):
    target = tmp_path / ("x" * 255)
    with replacing(target) as temporary:
        temporary.write_text("whole")
    assert target.read_text() == "whole"


def test_contents_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    move = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("replace"), move(*paths)))
    with replacing(tmp_path / "o") as temporary:
        temporary.write_text("x")
    assert done == [str(temporary), "replace", str(tmp_path)]


@pytest.mark.parametrize("write", [lambda path: path.write_bytes(bytes(20_000)), lambda path: _save(path)])
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path, write):
    target = tmp_path / "o.npy"
    target.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OSError) as caught, replacing(target) as temporary:  # noqa: PT011
            write(temporary)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.filename == str(target)
    assert caught.value.errno in (errno.EFBIG, errno.ENOSPC)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def _save(path):
    with path.open("wb") as stream:
        np.save(stream, np.zeros(10_000))


def test_room_is_taken_before_the_work(tmp_path):
    with pytest.raises(OSError, match=r"o\.npy") as caught, replacing(tmp_path / "o.npy", size=1 << 60):
        pytest.fail("the work began")
    assert caught.value.errno in (errno.ENOSPC, errno.EFBIG)


def test_a_file_system_without_locks_takes_files_all_the_same(tmp_path, monkeypatch):
    def flock(descriptor, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with lock_folder(tmp_path), replacing(tmp_path / "o") as first:
        first.write_text("first")
        with replacing(tmp_path / "o") as second:  # must not take the first one for abandoned
            second.write_text("second")
        assert first.read_text() == "first"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("o", "first")]


# -- the seal ----------------------------------------------------------------------------------------------------


def _sealed(path, data=b"a b c"):
    with replacing(path, sealed=True) as temporary:
        temporary.write_bytes(data + BLANK.encode() + b"\n")


def test_the_seal_is_a_crc_of_the_file_with_zeros_in_its_place(tmp_path):
    _sealed(tmp_path / "o", b"some bytes ")
    assert (tmp_path / "o").read_bytes() == b"some bytes mho-crc32:%08x\n" % zlib.crc32(
        b"some bytes mho-crc32:00000000\n"
    )
    assert check_seal(tmp_path / "o")


def test_no_flipped_bit_passes_as_sealed(tmp_path):
    path = tmp_path / "o"
    _sealed(path)
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        if b"mho-crc32:" in flipped:
            with pytest.raises(DataError, match=r"o: is damaged: its checksum is wrong"):
                check_seal(path)
        else:  # the formats know by another sign that there was one
            assert not check_seal(path)


def test_what_looks_like_a_seal_in_the_data_does_no_harm(tmp_path):
    _sealed(tmp_path / "o", b"mho-crc32:00000000 mho-crc32:12345678 ")
    assert check_seal(tmp_path / "o")


def test_a_seal_at_either_end_of_a_large_file_is_found(tmp_path):
    for name, data in (("end", bytes(3 << 20) + BLANK.encode()), ("begin", BLANK.encode() + bytes(3 << 20))):
        with replacing(tmp_path / name, sealed=True) as temporary:
            temporary.write_bytes(data)
        assert check_seal(tmp_path / name)
        changed = bytearray((tmp_path / name).read_bytes())
        changed[3 << 19] ^= 1
        (tmp_path / name).write_bytes(changed)
        with pytest.raises(DataError, match="checksum"):
            check_seal(tmp_path / name)


# -- the lock ----------------------------------------------------------------------------------------------------


def test_a_second_run_is_refused_at_once_and_told_who_is_there(tmp_path):
    with subprocess.Popen([sys.executable, "-c", _OWNER, tmp_path], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"in\n"
        begun = time.monotonic()
        with pytest.raises(ValueError, match=f"process {owner.pid} on {platform.node()}"), lock_folder(tmp_path):
            pass
        assert time.monotonic() - begun < 1
        owner.kill()
        owner.wait()
    with lock_folder(tmp_path):  # the dead own nothing
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_entered_again_by_the_same_thread_only(tmp_path):
    refused = []

    def other():
        try:
            with lock_folder(tmp_path):
                pass
        except ValueError as error:
            refused.append(str(error))

    with lock_folder(tmp_path), lock_folder(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert f"process {os.getpid()}" in refused[0]
    assert list(tmp_path.iterdir()) == []


def test_what_another_program_left_in_the_lock_is_taken_over(tmp_path):
    (tmp_path / ".mho.lock").write_bytes(b"\xff not ours")
    with lock_folder(tmp_path):
        pass


def _write_often(path, count):
    for number in range(count):
        with replacing(path) as temporary:
            temporary.write_text(f"{number:04d}" * 100)


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path):
    writers = [threading.Thread(target=_write_often, args=(tmp_path / "o", 40)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "o").read_text() == "0039" * 100
    assert list(tmp_path.iterdir()) == [tmp_path / "o"]
