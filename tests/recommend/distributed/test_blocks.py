from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp

from mho.recommend.distributed.blocks import write_blocks


@pytest.fixture
def table():
    """Columns of 0 to 40 entries, the first and the last among the empty ones."""
    rng = np.random.default_rng(0)
    dense = rng.uniform(1, 5, (60, 50)) * (rng.random((60, 50)) < np.linspace(0, 0.6, 50))
    dense[:, [0, 20, 21, 49]] = 0
    return sp.csc_array(dense)


def test_the_blocks_together_are_the_table(tmp_path, table):
    blocks = write_blocks(tmp_path / "b", table, 64)
    assert [b.begin for b in blocks[1:]] == [b.end for b in blocks[:-1]]
    assert (blocks[0].begin, blocks[-1].end) == (0, 50)
    assert (sp.hstack([b.read() for b in blocks]) != table).nnz == 0


def test_no_block_has_more_entries_than_asked_for(tmp_path, table):
    sizes = [pq.read_metadata(b.path).num_rows for b in write_blocks(tmp_path / "b", table, 64)]
    assert max(sizes) <= 64
    assert min(a + b for a, b in pairwise(sizes)) > 32


def test_a_column_that_is_larger_is_a_block_alone(tmp_path, table):
    blocks = write_blocks(tmp_path / "b", table, 10)
    for block in blocks:
        entries = block.read().nnz
        assert entries <= 10 or block.end == block.begin + 1
