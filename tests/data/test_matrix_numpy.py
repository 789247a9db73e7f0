"""npy and npz, honest and hostile."""

import io
import struct
import zipfile

import numpy as np
import pytest
import scipy.sparse as sp

from mho.data import DataError, read_matrix


@pytest.fixture
def dense():
    return np.random.default_rng(0).random((7, 5))


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", ">f8", "bool", "float16"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path, dense, dtype, order):
    stored = np.asarray(dense * 3, dtype=dtype, order=order)
    np.save(tmp_path / "x.npy", stored)
    read = read_matrix(tmp_path / "x.npy")
    assert read.dtype == (np.float32 if dtype == "float32" else np.float64)
    np.testing.assert_array_equal(read, stored)


def test_ending_in_capitals_and_path_as_text(tmp_path, dense):
    np.save(tmp_path / "x.npy", dense)
    (tmp_path / "x.npy").rename(tmp_path / "X.NPY")
    np.testing.assert_array_equal(read_matrix(str(tmp_path / "X.NPY")), dense)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_npy_never_unpickles(tmp_path):
    np.save(tmp_path / "x.npy", np.array([[Bomb()]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"x\.npy.*pickled"):
        read_matrix(tmp_path / "x.npy")


def test_npz_never_unpickles(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.array([[Bomb()]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"x\.npz"):
        read_matrix(tmp_path / "x.npz")


def npy_bytes(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npy_header(shape, descr="<f8"):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "byte 0"),
        (b"PK\x03\x04 something else", "byte 0"),
        (b"\x93NUMPY\x07\x00" + b"\0" * 100, "byte 0"),
        (b"\x93NUMPY\x01\x00\xff\xff{", "byte 0"),
        (npy_header((3, 3)) + b"\0" * 71, r"cut off at byte \d+: shape \(3, 3\)"),
        (npy_header((3, 3)) + b"\0" * 73, "followed by something else"),
        (npy_header((2**40, 2**20)), r"needs [\d,]+ bytes of memory, more than max_bytes"),
        (npy_header((-1, -1)) + b"\0" * 8, "impossible shape"),
        (npy_header((3, 3), "|V100"), "real numbers, got dtype"),
        (npy_bytes(np.zeros(4)), r"2 dimensions.*\(4,\)"),
        (npy_bytes(np.zeros((2, 2, 2))), "2 dimensions"),
        (npy_bytes(np.zeros((2, 2), complex)), "real numbers, got dtype complex128"),
        (npy_bytes(np.array([["a", "b"]])), "real numbers"),
        (b"\x93NUMPY\x01\x00" + struct.pack("<H", 4000) + b"(" * 4000, "byte 0"),
    ],
)
def test_bad_npy_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_matrix(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_size_cap_counts_the_result(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((100, 100), np.uint8))  # 10 kB in the file, 80 kB as float64
    with pytest.raises(DataError, match="max_bytes = 79,999"):
        read_matrix(tmp_path / "x.npy", max_bytes=79_999)
    assert read_matrix(tmp_path / "x.npy", max_bytes=80_000).shape == (100, 100)


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_of_one_matrix(tmp_path, dense, compressed):
    (np.savez_compressed if compressed else np.savez)(tmp_path / "x.npz", anything=dense)
    np.testing.assert_array_equal(read_matrix(tmp_path / "x.npz"), dense)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("container", ["array", "matrix"])
def test_npz_of_scipy(tmp_path, kind, compressed, container):
    stored = sp.random_array((9, 6), density=0.3, rng=np.random.default_rng(1), format=kind)
    if container == "matrix":
        stored = getattr(sp, f"{kind}_matrix")(stored)
    sp.save_npz(tmp_path / "x.npz", stored, compressed=compressed)
    read = read_matrix(tmp_path / "x.npz")
    assert isinstance(read, sp.csr_array | sp.csc_array)
    np.testing.assert_array_equal(read.toarray(), stored.toarray())


def test_npz_of_another_sparse_format_says_what_to_do(tmp_path):
    sp.save_npz(tmp_path / "x.npz", sp.dia_array(np.eye(3)))
    with pytest.raises(DataError, match=r"csr, csc, coo; use tocsr\(\)"):
        read_matrix(tmp_path / "x.npz")


def test_npz_of_several_arrays_names_them(tmp_path, dense):
    np.savez(tmp_path / "x.npz", train=dense, test=dense)
    with pytest.raises(DataError, match="holds 2 members: 'train', 'test'"):
        read_matrix(tmp_path / "x.npz")


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "holds 0 members"),
        ({"notes.txt": b"hello"}, "'notes.txt' is not there or not one"),
        ({"x.npy": npy_header((2, 2)) + b"\0" * 31}, "x: cut off"),
        ({"x.npy": npy_header((2, 2)) + b"\0" * 10**7}, "x: followed by something else"),
        ({"x.npy": npy_header((2**30, 2**30)) + b"\0" * 10**7}, "max_bytes"),
        ({"x.npy": npy_bytes(np.zeros(3))}, "2 dimensions"),
    ],
)
def test_bad_npz_is_one_clear_error(tmp_path, members, message):
    path = tmp_path / "x.npz"
    zipped(path, members)
    with pytest.raises(DataError, match=message) as caught:
        read_matrix(path)
    assert str(path) in str(caught.value)


def test_zip_bomb_is_refused_before_it_unfolds(tmp_path):
    size, path = 2**28, tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as member:
        member.write(npy_header((size // 8, 1)))
        for _ in range(64):
            member.write(b"\0" * (size // 64))
    assert path.stat().st_size < size / 500
    with pytest.raises(DataError, match="max_bytes"):
        read_matrix(path, max_bytes=size - 1)


def csr_members(**changed):
    members = {
        "format": np.array(b"csr"),
        "shape": np.array([2, 3]),
        "data": np.array([1.0, 2.0]),
        "indices": np.array([0, 2], np.int32),
        "indptr": np.array([0, 1, 2], np.int32),
    }
    return {f"{name}.npy": npy_bytes(array) for name, array in (members | changed).items() if array is not None}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"indices": np.array([0, 7], np.int32)}, "cannot be read"),
        ({"indices": np.array([0, -1], np.int32)}, "cannot be read"),
        ({"indptr": np.array([0, 9, 2], np.int32)}, "cannot be read"),
        ({"indptr": np.array([0, 1, 99], np.int32)}, "cannot be read"),
        ({"indptr": np.array([0, 2], np.int32)}, "cannot be read"),
        ({"indptr": None}, "'indptr' is not there"),
        ({"indices": np.array([0.0, 1.5])}, "indices must hold whole numbers"),
        ({"shape": np.array([2, 3, 4])}, "2 dimensions"),
        ({"shape": np.array([-2, 3])}, "2 dimensions"),
        ({"shape": np.array([2, 2**50])}, "max_bytes"),
        ({"data": np.array([1j, 2j])}, "real numbers"),
        ({"data": np.array([1.0])}, "cannot be read"),
    ],
)
def test_sparse_npz_with_lies_is_refused(tmp_path, changed, message):
    zipped(tmp_path / "x.npz", csr_members(**changed))
    with pytest.raises(DataError, match=message):
        read_matrix(tmp_path / "x.npz")


def test_coordinates_outside_the_matrix_are_refused(tmp_path):
    coo = {
        "format": np.array(b"coo"),
        "row": np.array([0, 5]),
        "col": np.array([0, 1]),
        "indices": None,
        "indptr": None,
    }
    zipped(tmp_path / "x.npz", csr_members(**coo))
    with pytest.raises(DataError, match="cannot be read"):
        read_matrix(tmp_path / "x.npz")


@pytest.mark.parametrize("keep", [10, 200, 0.5, 0.95])
def test_cut_npz(tmp_path, keep):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).random((50, 50)))
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep > 1 else keep * len(content))])
    with pytest.raises(DataError, match=r"x\.npz"):
        read_matrix(path)


def test_flipped_bits_in_npz(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).random((50, 50)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz"):
        read_matrix(path)


def test_encrypted_npz(tmp_path):
    path = tmp_path / "x.npz"
    zipped(path, {"x.npy": npy_bytes(np.eye(2))})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="encrypted"):
        read_matrix(path)


@pytest.mark.parametrize("name", ["x.txt", "x", "x.npy.bak", "x.pickle"])
def test_unknown_ending_lists_the_known(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in one of \.npy, \.npz, \.csv"):
        read_matrix(tmp_path / name)


def test_missing_file_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_matrix(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("option", "message"), [({"layout": "wide"}, "layout must be one of"), ({"max_bytes": 0}, "max_bytes must be")]
)
def test_bad_arguments(tmp_path, option, message):
    with pytest.raises(ValueError, match=message):
        read_matrix(tmp_path / "x.npy", **option)
