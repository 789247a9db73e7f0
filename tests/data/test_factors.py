import json
import os
import stat
import struct

import numpy as np
import pytest

from mho.data import DataError, read_factors, replacing, write_factors


@pytest.fixture
def factors():
    rng = np.random.default_rng(0)
    return rng.random((6, 2)), rng.random((2, 5)).astype(np.float32)


def test_there_and_back(tmp_path, factors):
    W, H = factors
    write_factors(tmp_path / "f.safetensors", W, H, {"engine": "digital", "note": "Ω"})
    read_W, read_H, metadata = read_factors(tmp_path / "f.safetensors")
    np.testing.assert_array_equal(read_W, W)
    np.testing.assert_array_equal(read_H, H)
    assert (read_W.dtype, read_H.dtype) == (np.float64, np.float32)
    assert metadata == {"engine": "digital", "note": "Ω"}


def test_transposed_and_strided_factors_are_written_as_they_read(tmp_path):
    big = np.arange(48.0).reshape(6, 8)
    write_factors(tmp_path / "f", big[:, ::4], big.T[:2], {})
    W, H, _ = read_factors(tmp_path / "f")
    np.testing.assert_array_equal(W, big[:, ::4])
    np.testing.assert_array_equal(H, big.T[:2])


def tensors(path, **arrays):
    """The format as its specification writes it, without the library."""
    names = {np.float64: "F64", np.float32: "F32", np.int64: "I64"}
    header, body = {}, b""
    for name, array in arrays.items():
        end = len(body) + array.nbytes
        dtype = names[array.dtype.type]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(body), end]}
        body += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


GOOD_W, GOOD_H = np.ones((3, 2)), np.ones((2, 4))


def test_a_file_of_another_program_is_read(tmp_path):
    W, H, metadata = read_factors(tensors(tmp_path / "f", W=GOOD_W, H=GOOD_H))
    assert (W.shape, H.shape, metadata) == ((3, 2), (2, 4), {})


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"W": GOOD_W}, "must hold the two factors W and H, holds W"),
        ({}, "holds nothing"),
        ({"W": GOOD_W, "H": GOOD_H, "Z": GOOD_W}, "holds H, W, Z"),
        ({"W": GOOD_W, "H": np.ones((3, 4))}, r"W \(3, 2\) must have as many columns as H \(3, 4\) has rows"),
        ({"W": GOOD_W, "H": np.ones(4)}, "H must be a matrix"),
        ({"W": np.ones((3, 2), np.int64), "H": GOOD_H}, "W must be a matrix of F32 or F64, is I64"),
        ({"W": np.ones((0, 2)), "H": GOOD_H}, "W must be a matrix"),
        ({"W": -GOOD_W, "H": GOOD_H}, "W must be finite and >= 0"),
        ({"W": GOOD_W, "H": GOOD_H * np.nan}, "H must be finite and >= 0"),
        ({"W": GOOD_W, "H": GOOD_H * np.inf}, "H must be finite and >= 0"),
    ],
)
def test_what_is_not_two_factors_is_refused(tmp_path, arrays, message):
    with pytest.raises(DataError, match=message) as caught:
        read_factors(tensors(tmp_path / "f", **arrays))
    assert str(tmp_path / "f") in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:5],
        lambda content: content[:40],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: struct.pack("<Q", 2**62) + content[8:],
        lambda content: content.replace(b"[3, 2]", b"[9, 9]"),
        lambda content: b"\x93NUMPY" + content,
    ],
)
def test_damage_is_one_clear_error(tmp_path, damage):
    path = tensors(tmp_path / "f", W=GOOD_W, H=GOOD_H)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="cannot be read") as caught:
        read_factors(path)
    assert str(path) in str(caught.value)


def test_size_cap(tmp_path):
    with pytest.raises(DataError, match="needs 112 bytes"):
        read_factors(tensors(tmp_path / "f", W=GOOD_W, H=GOOD_H), max_bytes=100)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_factors(tmp_path / "nowhere")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "f").write_text("old")
    with pytest.raises(RuntimeError), replacing(tmp_path / "f") as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "f").read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_written_file_has_ordinary_permissions_and_no_companion(tmp_path, factors):
    mask = os.umask(0o022)
    try:
        write_factors(tmp_path / "f", *factors, {})
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["f"]


def test_a_link_stays_a_link(tmp_path, factors):
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write_factors(tmp_path / "link", *factors, {})
    assert (tmp_path / "link").is_symlink()
    assert read_factors(tmp_path / "there")[0].shape == (6, 2)


@pytest.mark.parametrize("target", [".", "/dev/null"])
def test_folders_and_devices_are_not_replaced(tmp_path, factors, target, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="not a regular file"):
        write_factors(target, *factors, {})


def test_no_folder(tmp_path, factors):
    with pytest.raises(FileNotFoundError):
        write_factors(tmp_path / "no" / "f", *factors, {})
