"""Whatever bytes are changed, a reader answers with a matrix or with one DataError."""

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from mho.data import DataError, read_factors, read_matrix, write_factors

RNG = np.random.default_rng(0)
DENSE, SPARSE = RNG.random((8, 6)), sp.random_array((20, 15), density=0.3, rng=RNG, format="csr")


def save_triplets(path):
    path.write_text("u,i,v\n" + "\n".join(f"u{i % 7},{i},{i / 2}" for i in range(40)))


FILES = {
    "dense.npy": lambda path: np.save(path, DENSE),
    "dense.npz": lambda path: np.savez(path, x=DENSE),
    "sparse.npz": lambda path: sp.save_npz(path, SPARSE, compressed=False),
    "sparse.mtx": lambda path: scipy.io.mmwrite(path, SPARSE),
    "dense.csv": lambda path: np.savetxt(path, DENSE, delimiter=","),
    "triplets.csv": save_triplets,
    "f.safetensors": lambda path: write_factors(path, DENSE, DENSE.T, {"note": "x"}),
}


def read(path):
    if path.suffix == ".safetensors":
        return read_factors(path, max_bytes=2**20)
    return read_matrix(path, layout="triplets" if path.stem == "triplets" else "matrix", max_bytes=2**20)


def changed(content, rng):
    content = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(len(content)))
        match rng.integers(4):
            case 0:
                content[at] = rng.integers(256)
            case 1:
                content[at] ^= 1 << rng.integers(8)
            case 2:
                content[at:at] = rng.bytes(int(rng.integers(1, 9)))
            case _:
                del content[at + 1 : at + int(rng.integers(2, 200))]
    return bytes(content)


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes(tmp_path, name):
    path, rng = tmp_path / name, np.random.default_rng(1)
    FILES[name](path)
    honest = path.read_bytes()
    messages = []
    for _ in range(150):
        path.write_bytes(changed(honest, rng))
        try:
            read(path)
        except DataError as error:
            messages.append(str(error))
    assert len(messages) > 50
    assert all(message.startswith(str(path)) for message in messages)
