"""Journal and outbox: what is durable is there again, what is lost is counted, what is damaged is told."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from mho.data import DataError
from mho.journal import Journal, Outbox, crc32c

_KILLS = int(os.environ.get("MHO_KILLS", "12"))


def bitwise(data, crc=0):
    """CRC-32C by its definition: a bit at a time."""
    crc = ~crc & 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return ~crc & 0xFFFFFFFF


def test_crc32c_is_that_of_the_standard():
    """RFC 3720, B.4: thirty-two zeros, ones, rising and falling bytes."""
    rising = bytes(range(32))
    examples = (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (rising, 0x46DD794E), (rising[::-1], 0x113FDB5C)
    assert all(crc32c(data) == crc for data, crc in examples)
    assert crc32c(b"123456789") == 0xE3069283 != zlib.crc32(b"123456789")


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 1023, 1024, 1025, 1027, 3000])
def test_crc32c_in_blocks_is_that_bit_by_bit(size):
    data = random.Random(size).randbytes(size)
    assert crc32c(data) == bitwise(data)
    assert crc32c(data[size // 3 :], crc32c(data[: size // 3])) == bitwise(data)


def filled(folder, count, **options):
    with Journal(folder, **options) as journal:
        for number in range(count):
            journal.append(b"%d" % number, count=number)


def test_records_come_back_in_order(tmp_path):
    filled(tmp_path, 500, max_bytes=1 << 20, segment_bytes=1000)
    filled(tmp_path, 3)
    with Journal(tmp_path) as journal:
        found = list(journal.replay(after=399))
        assert [record.sequence for record in found] == list(range(400, 503))
        assert [record.data for record in found] == [b"%d" % n for n in (*range(400, 500), 0, 1, 2)]
        assert (journal.durable, journal.lost_records, journal.notes) == (502, 0, [])


def test_durable_follows_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(descriptor))
    clock = iter([0.0, 0.1, 0.19, 0.21] + [0.5] * 99)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with Journal(tmp_path, sync_records=4) as journal:
        before = len(synced)
        journal.append(b"a")
        assert (journal.durable, len(synced)) == (-1, before)
        journal.append(b"b")
        journal.sync_due()
        assert (journal.durable, len(synced)) == (1, before + 1)
        for _ in range(4):
            journal.append(b"c")
        assert (journal.durable, len(synced)) == (5, before + 2)


def test_the_oldest_are_dropped_at_the_cap_and_counted(tmp_path):
    filled(tmp_path, 2000, max_bytes=8000)
    with Journal(tmp_path, max_bytes=8000) as journal:
        kept = list(journal.replay())
        assert journal.size <= 8000 + 1000
        assert kept[-1].data == b"1999"
        assert journal.lost_records == kept[0].sequence == 2000 - len(kept)
        assert journal.lost_samples == sum(range(kept[0].sequence))


def test_forgotten_records_are_no_loss(tmp_path):
    with Journal(tmp_path, max_bytes=1 << 20, segment_bytes=100) as journal:
        for number in range(100):
            journal.append(b"%d" % number)
        journal.forget(49)
        first = next(journal.replay()).sequence
        assert 40 < first <= 50
        assert journal.lost_records == 0
    with Journal(tmp_path) as journal:
        assert next(journal.replay()).sequence == first
        assert (journal.append(b"x"), journal.lost_records) == (100, 0)


def test_a_second_process_is_refused(tmp_path):
    with Journal(tmp_path), Outbox(tmp_path / "out"):
        for kind, place in (("Journal", tmp_path), ("Outbox", tmp_path / "out")):
            script = f"from mho.journal import {kind}; {kind}({str(place)!r})"
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
            assert f"{place}: is in use by process {os.getpid()}" in done.stderr


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_an_interrupted_end_is_left_out_and_gone_on_behind(tmp_path, cut):
    filled(tmp_path, 10)
    path = next(tmp_path.glob("*.segment"))
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(tmp_path) as journal:
        kept = len(list(journal.replay()))
        assert kept == 10 - -(-cut // 21)
        assert [str(path) in note and "at byte" in note for note in journal.notes] == [True] * (cut % 21 > 0)
        assert journal.append(b"next") == kept
    with Journal(tmp_path) as journal:
        assert [record.data for record in journal.replay()][-1] == b"next"


def test_damage_is_told_and_counted_once(tmp_path):
    filled(tmp_path, 100, max_bytes=1 << 20, segment_bytes=400)
    path = sorted(tmp_path.glob("*.segment"))[1]
    data = bytearray(path.read_bytes())
    data[70] ^= 1
    path.write_bytes(data)
    for _ in range(2):
        with Journal(tmp_path) as journal:
            kept = [record.sequence for record in journal.replay()]
            assert journal.lost_records == 100 - len(kept) > 0
            assert sum("is damaged" in note or "are damaged" in note for note in journal.notes) == 2


@pytest.mark.parametrize("name", ["00000000000000000000.segment", "lost.json"])
def test_what_is_foreign_is_refused_by_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(b'{"format": "mho journal losses 9"}')
    with pytest.raises(DataError, match=name):
        Journal(tmp_path)


_WRITER = """
import os, sys
from mho.journal import Journal, Outbox
with Journal(sys.argv[1], segment_bytes=3000, sync_records=5) as journal, Outbox(sys.argv[2]) as outbox:
    number = journal.durable + 1
    while True:
        assert journal.append(b"%d" % number * 20) == number
        if number % 7 == 0:
            outbox.put(f"m{number}", b"x")
            os.write(1, b"m%d\\n" % number)
        if journal.durable == number:
            os.write(1, b"%d\\n" % number)
        number += 1
"""


def test_a_kill_at_any_moment_loses_nothing_durable(tmp_path):
    rng, told = random.Random(0), []
    for _ in range(max(3, _KILLS // 4)):
        command = [sys.executable, "-c", _WRITER, tmp_path / "journal", tmp_path / "outbox"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        told += [process.stdout.readline() for _ in range(rng.randrange(1, 60))]
        process.send_signal(signal.SIGKILL)
        told += process.communicate()[0].splitlines(True)
    lines = [line.strip().decode() for line in told if line.endswith(b"\n")]
    numbers = [int(line) for line in lines if line.isdigit()]
    with Journal(tmp_path / "journal") as journal, Outbox(tmp_path / "outbox") as outbox:
        found = list(journal.replay())
        assert [record.sequence for record in found] == list(range(len(found)))
        assert all(record.data == b"%d" % record.sequence * 20 for record in found)
        assert len(found) > max(numbers)
        assert {line for line in lines if line.startswith("m")} <= set(outbox.waiting())


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path):
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with Journal(tmp_path) as journal, Outbox(tmp_path / "out") as outbox:
            journal.append(b"first")
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
            with pytest.raises(OSError, match="segment") as caught:
                journal.append(b"x" * 200)
            assert Path(caught.value.filename).suffix == ".segment"
            with pytest.raises(OSError, match="segment"):
                outbox.put("a", b"x" * 200)
            assert "a" not in outbox
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert journal.append(b"second") == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    with Journal(tmp_path) as journal:
        assert [record.data for record in journal.replay()] == [b"first", b"second"]


def test_an_outbox_keeps_what_is_not_acknowledged(tmp_path):
    with Outbox(tmp_path, remembered=3) as outbox:
        for number in range(6):
            assert outbox.put(f"n{number}", b"%d" % number)
        for number in (0, 1, 2, 4):
            outbox.acknowledge(f"n{number}")
        with pytest.raises(KeyError):
            outbox.acknowledge("n1")
    with Outbox(tmp_path, remembered=3) as outbox:
        assert outbox.waiting() == {"n3": b"3", "n5": b"5"}
        assert not any(outbox.put(name, b"") for name in ("n1", "n2", "n3", "n4", "n5"))
        assert outbox.put("n0", b"forgotten")
    path = tmp_path / "outbox.segment"
    path.write_bytes(path.read_bytes()[:-1])
    with Outbox(tmp_path) as outbox:
        assert outbox.waiting() == {"n3": b"3", "n5": b"5"}
        assert "interrupted at byte" in outbox.notes[0]


def test_an_outbox_does_not_grow_for_ever(tmp_path):
    with Outbox(tmp_path) as outbox:
        for number in range(4):
            outbox.put(f"n{number}", bytes(400_000))
            outbox.acknowledge(f"n{number}")
        assert (tmp_path / "outbox.segment").stat().st_size < 1_000_000
        assert not outbox.put("n0", b"")
        assert outbox.put("n4", b"4")
    with Outbox(tmp_path) as outbox:
        assert outbox.waiting() == {"n4": b"4"}
