"""Recordings in files: what each format tells, and one error with the line where it is wrong."""

import io
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat, wavfile

from mho.data import DataError
from mho.monitor.payload import read_payload
from mho.monitor.reading import FileFormat, labels_in, read_labels, read_recording, recording_parts, text_parts
from mho.monitor.timestamps import TimeReader

VALUES = np.column_stack([np.arange(50) * 0.5, -np.arange(50.0)])


def lines(mark=",", comma=False, times=None, header="time{0}flow{0}pressure"):
    times = times or [f"2026-03-01 10:{n // 60:02d}:{n % 60:02d}" for n in range(50)]
    number = (lambda x: f"{x}".replace(".", ",")) if comma else str
    rows = [mark.join([time, *map(number, row)]) for time, row in zip(times, VALUES, strict=False)]
    return "\n".join([header.format(mark), *rows]) + "\n"


@pytest.mark.parametrize(("mark", "comma"), [(",", False), (";", False), (";", True), ("\t", False), ("\t", True)])
def test_text_tables(tmp_path, mark, comma):
    (tmp_path / "r.csv").write_text(lines(mark, comma))
    found = read_recording(tmp_path / "r.csv")
    assert (found.names, found.rate) == (("flow", "pressure"), 1.0)
    np.testing.assert_array_equal(found.values, VALUES)


def test_other_formats(tmp_path):
    wavfile.write(tmp_path / "r.wav", 8000, (VALUES * 10).astype("i2"))
    np.save(tmp_path / "r.npy", VALUES)
    savemat(tmp_path / "r.mat", {"bearing": {"gs": VALUES[:, 0], "sr": 97656.0}})
    pq.write_table(pa.table({"t": np.arange(50.0), "flow": VALUES[:, 0]}), tmp_path / "r.parquet")
    (tmp_path / "r.jsonl").write_text("".join(f'{{"t": {n}, "a": {n}, "b": null}}\n' for n in range(50)))
    assert read_recording(tmp_path / "r.wav").rate == 8000
    np.testing.assert_array_equal(read_recording(tmp_path / "r.wav").values, (VALUES * 10).astype("i2"))
    np.testing.assert_array_equal(read_recording(tmp_path / "r.npy", rate=10.0).values, VALUES)
    form = FileFormat(rate=97656.0, key="bearing.gs")
    np.testing.assert_array_equal(read_recording(tmp_path / "r.mat", form=form).values[:, 0], VALUES[:, 0])
    assert read_recording(tmp_path / "r.parquet").names == ("flow",)
    found = read_recording(tmp_path / "r.jsonl")
    assert found.names == ("a", "b")
    assert np.isnan(found.values[:, 1]).all()
    with pytest.raises(ValueError, match=r"r\.mat.*which variable"):
        read_recording(tmp_path / "r.mat", rate=1.0)


def test_missing_cells_and_text_are_missing_and_negative_readings_are_not(tmp_path):
    text = lines().replace("12.0,-24.0", ",broken").replace("0.5,-1.0", "nan,-1.0")
    (tmp_path / "r.csv").write_text(text)
    found = read_recording(tmp_path / "r.csv").values
    assert np.isnan(found).sum() == 3
    assert found[-1, 1] == -49


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("10:00:07", "10:00:06"), "line 9: times must rise, but this one repeats"),
        (("10:00:07", "10:00:05"), "line 9: times must rise, but this one goes back"),
        (("2026-03-01 10:00:07", "03-01 10:00:07"), "line 9: times must have a year"),
        (("10:00:07", "10:00:07+02:00"), "line 9: times must all have a zone or none"),
        (("2026-03-01 10:00:07", "1700000000"), "line 9: times must be written alike"),
        (("3.5,-7.0", "3.5,-7.0,9"), "line 9 must have 3 fields, has 4"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, change, said):
    (tmp_path / "r.csv").write_text(lines().replace(*change))
    with pytest.raises(DataError, match=said):
        read_recording(tmp_path / "r.csv")


def test_a_file_without_times_needs_a_rate(tmp_path):
    (tmp_path / "r.csv").write_text("flow,pressure\n1,2\n3,4\n5,6\n")
    with pytest.raises(DataError, match="say its rate"):
        read_recording(tmp_path / "r.csv")
    assert read_recording(tmp_path / "r.csv", rate=5.0).rate == 5.0


def test_labels_are_no_channels(tmp_path):
    body = "".join(f"{n},{n * 2},{int(n in (3, 4))}\n" for n in range(9))
    (tmp_path / "r.csv").write_text("t,flow,anomaly\n" + body)
    assert read_recording(tmp_path / "r.csv").names == ("flow",)
    assert read_labels(tmp_path / "r.csv", "anomaly").tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0]
    assert labels_in(tmp_path / "r.csv", FileFormat()) == {"anomaly": [4, 5]}


def test_a_long_table_takes_constant_memory():
    """Parts of 8,192 rows, whatever comes after: 300,000 rows of a generator are never all there."""

    class Endless(io.TextIOBase):
        sent = 0

        def readline(self, limit=-1):
            self.sent += 1
            return "t,flow\n" if self.sent == 1 else f"{self.sent},{self.sent}\n" if self.sent < 300_000 else ""

    stream, most = Endless(), 0
    for part in text_parts(stream, "endless", FileFormat()):
        most = max(most, len(part) + sys.getsizeof(part) * 0)
    assert most <= 8192
    assert stream.sent == 300_000


def test_parts_are_the_whole(tmp_path):
    np.save(tmp_path / "r.npy", np.arange(30_000.0))
    parts = list(recording_parts(tmp_path / "r.npy", FileFormat(rate=1000.0)))
    assert len(parts) == 4
    np.testing.assert_array_equal(np.concatenate([part.values[:, 0] for part in parts]), np.arange(30_000.0))
    assert parts[1].times[0] == pytest.approx(8.192)


@given(text=st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_time_or_one_error(text):
    said, seconds = "", 0.0
    try:
        seconds = TimeReader().seconds(text)
    except ValueError as error:
        said = str(error)
    assert len(said) < 600
    assert np.isfinite(seconds)


@given(payload=st.binary(max_size=60) | st.text(alphabet='{}[]":,0123456789.tvchn -e=', max_size=60).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_message_is_samples_or_one_error(payload):
    said, found = "", []
    try:
        found = read_payload("plant/pump/flow", payload, 5.0)
    except ValueError as error:
        said = str(error)
    assert len(said) < 600
    assert all(one.values.dtype == np.float64 and np.isfinite(one.time) for one in found)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"21.5", [("flow", 5.0, [21.5])]),
        (b'{"t": 7, "v": [1, null, 3], "rate": 2}', [("flow", 7.0, [1, np.nan, 3])]),
        (b'{"t": "2026-01-01T00:00:00Z", "ch": "x", "v": 2}', [("x", 1767225600.0, [2])]),
        (b'{"t": 7, "a": 1, "b": -2}', [("a", 7.0, [1]), ("b", 7.0, [-2])]),
        (b"pump,site=x flow=3.5,n=0i 1700000000000000000", [("flow", 1.7e9, [3.5]), ("n", 1.7e9, [0])]),
    ],
)
def test_messages(payload, expected):
    found = read_payload("plant/pump/flow", payload, 5.0)
    assert [(one.channel, one.time) for one in found] == [(name, time) for name, time, _ in expected]
    for one, (_, _, values) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.values, values)


def test_raw_messages():
    block = np.array([1, -2, 300], "<i2").tobytes()
    assert read_payload("acc", block, 5.0, raw="<i2")[0].values.tolist() == [1, -2, 300]
    with pytest.raises(ValueError, match="multiple of 2 bytes, got 5"):
        read_payload("acc", block[:5], 5.0, raw="<i2")


def test_what_stands_beside_a_message_is_taken_where_it_tells_nothing_itself():
    told = {"t": "7.5", "rate": "4000", "ch": "motor"}
    for payload, raw in ((b"\1\0", "<i2"), (b"1", ""), (b'{"v": [1]}', "")):
        (one,) = read_payload("plant/acc", payload, 5.0, raw=raw, told=told)
        assert (one.channel, one.time, one.rate, one.timed) == ("motor", 7.5, 4000.0, True)
    (one,) = read_payload("plant/acc", b'{"t": 1, "v": 2, "rate": 100, "ch": "x"}', 5.0, told=told)
    assert (one.channel, one.time, one.rate, one.timed) == ("x", 1.0, 100.0, True)
    assert not read_payload("plant/acc", b"1", 5.0)[0].timed
    with pytest.raises(ValueError, match="rate must be above 0, got fast"):
        read_payload("plant/acc", b"1", 5.0, told={"rate": "fast"})
