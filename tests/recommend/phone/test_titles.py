import gzip

import numpy as np
import pytest

from mho import Recommender
from mho.data import DataError
from mho.recommend.phone import catalogue_of, read_titles

TABLE = 'movieId,title,genres,year\n7,"Good, the Bad",Drama|War,1966\n9,,Comedy,\n8,Amélie\u2028le film,,2001\n'


@pytest.fixture
def write(tmp_path):
    def begin(text, name="titles.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return begin


@pytest.mark.parametrize("pack", [str.encode, lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()])
def test_titles_come_in_the_order_of_the_items(write, pack):
    titles, details = read_titles(write(pack(TABLE)), np.array([8, 7, 9, 1]))
    assert titles == ["Amélie\u2028le film", "Good, the Bad", "9", "1"]
    assert details == ["2001", "Drama, War, 1966", "Comedy", ""]


def test_a_packed_table_is_read_too(write):
    assert read_titles(write(gzip.compress(TABLE.encode()), "t.csv.gz"), ["8"])[0] == ["Amélie\u2028le film"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("id\n1\n", "line 1 must have fields parted by"),
        ("id,title\n1,a\n2\n", "line 3 has 1 fields, line 1 has 2"),
        ("id,title\n1,a\n1,b\n", "line 3 names '1' again"),
        ('id,title\n1,"a\n', "line 2: not delimited fields"),
        ("id,title\n1," + "a" * 200_000, "line 2: not delimited fields: field larger"),
        (b"id,title\n1,\xff\n", "titles.csv: cannot be read: 'utf-8'"),
    ],
)
def test_a_bad_table_is_one_error_with_its_line(write, text, message):
    with pytest.raises(DataError, match=message):
        read_titles(write(text), [1])


@pytest.mark.parametrize(
    "text",
    [
        "movieId;title\n7;Tea, green\n8;Jam\n",
        "7;Tea, green\n8;Jam\n",
        "7::Tea, green\n8::Jam\n\n",
        "7\tTea, green\n8\tJam\n",
        "7|Tea, green\n8|Jam\n",
        "title;movieId\nTea, green;7\nJam;8\n",
        ',movieId,title\n0,7,"Tea, green"\n1,8,Jam\n',
        "ISBN;Book-Title\n7;Tea, green\n8;Jam\n",
    ],
)
def test_titles_are_found_however_they_are_parted(write, text):
    assert read_titles(write(text), [8, 7])[0] == ["Jam", "Tea, green"]


def test_a_table_of_other_items_is_refused(write):
    with pytest.raises(DataError, match=r"names none of the items, which are 8, 7 \.\.\.; it must"):
        read_titles(write("item,title\nTea,7\nJam,8\n"), [8, 7])


def test_without_titles_items_are_called_by_their_ids():
    recommender = Recommender(2, model="implicit").fit(["a", "a", "b"], ["tea", "jam", "tea"])
    catalogue = catalogue_of(recommender)
    assert catalogue.titles == ["jam", "tea"]
    assert catalogue.popularity.tolist() == [1, 2]
