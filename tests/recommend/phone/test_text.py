import io

import pytest

from mho.recommend.phone.text import block_sorted, moved_to_front, packed_lines

from .reading import lines, unsorted


def test_banana_is_sorted_as_in_every_textbook():
    assert block_sorted(b"banana") == (b"annbaa", 4)  # annb$aa


@pytest.mark.parametrize(
    "text", [b"", b"a", b"\x00\x00", b"aaaaaaaa", b"abababab", bytes(range(256)), b"to be or not to be"]
)
def test_the_rows_are_those_of_the_sorted_suffixes(text):
    places = sorted(range(len(text) + 1), key=lambda i: text[i:])
    block, begin = block_sorted(text)
    assert begin == places.index(0)
    assert block == bytes(text[i - 1] for i in places if i)
    assert unsorted(block, begin) == text


def test_a_byte_moves_to_the_front():
    assert moved_to_front(b"\x02\x02\x00\x02\x03") == bytes([2, 0, 1, 1, 3])


@pytest.mark.parametrize(
    "given", [[], [""], ["", ""], ["é", "è", "日本", "日本語"], ["x" * 300, "x" * 300 + "y", "x" * 300]]
)
def test_lines_come_back(given):
    assert lines(io.BytesIO(packed_lines(given)), len(given)) == given
