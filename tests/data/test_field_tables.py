"""Tables in the shapes that the field publishes: read as what they are, or refused with the option that reads them.

Every table holds the same known triplets, written as the original is; so whatever is read can be told right or wrong.
"""

import json

import numpy as np
import pytest

from mho.data import DataError, TableFormat, read_interactions

pandas = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

TWOFOLD = "may be thousands or fractions; say decimal=. or decimal=,"
BY_COLUMNS = "columns=USER,ITEM,RATING"
RNG = np.random.default_rng(16)
PAIRS = np.sort(RNG.choice(12 * 9, 40, replace=False))
USERS, ITEMS = (101 + PAIRS // 9).tolist(), (7 + PAIRS % 9).tolist()
STARS = (RNG.permutation(40) % 5 + 1).tolist()
TIMES = (978300760 + RNG.integers(0, 10**6, 40)).tolist()
ROWS = list(zip(USERS, ITEMS, STARS, TIMES, strict=True))


def lines(form, header="", rows=ROWS):
    """One line for each row, of which `form` has the parts u, i, r and t."""
    head = [header] if header else []
    return "\n".join([*head, *(form.format(u=u, i=i, r=r, t=t, n=n) for n, (u, i, r, t) in enumerate(rows))]) + "\n"


def isbn(i):
    return f"{i:09}X"


def text(name, content, users=USERS, items=ITEMS, ratings=STARS, **how):
    return pytest.param(name, content, (list(users), list(items), ratings), how, id=name)


def refused(name, content, message, **how):
    return pytest.param(name, content, message, how, id=name)


ASINS = [f"B0{i:08}" for i in ITEMS]
AMAZON = "".join(
    json.dumps({"overall": float(r), "reviewerID": f"A{u}", "asin": a, "reviewerName": "Al", "unixReviewTime": t})
    + "\n"
    for (u, _, r, t), a in zip(ROWS, ASINS, strict=True)
)
FRAME = pandas.DataFrame(ROWS, columns=["userId", "movieId", "rating", "timestamp"])
SHARES = [r / 2 for r in STARS]
JOKES = [(u, i, 4 * r - 13.75, t) for u, i, r, t in ROWS]
HASHES = [f"{u:040x}" for u in USERS]
BANDS = [f"Band, {i} \u00e9" for i in ITEMS]

READ = [
    text("MovieLens.csv", lines("{u},{i},{r},{t}", "userId,movieId,rating,timestamp")),
    text("ml-100k u.data", lines("{u}\t{i}\t{r}\t{t}")),
    text("ml-1m ratings.dat", lines("{u}::{i}::{r}::{t}")),
    text("ml-100k.inter", lines("{u}\t{i}\t{r}.0\t{t}", "user_id:token\titem_id:token\trating:float\ttimestamp:float")),
    text(
        "BookCrossing.csv",
        lines('"{u}";"{i:09}X";"{r}"', '"User-ID";"ISBN";"Book-Rating"'),
        items=map(isbn, ITEMS),
    ),
    text("goodbooks.csv", lines("{i},{u},{r}", "book_id,user_id,rating")),
    text("Goodreads.csv", lines("{u},{i},1,{r},0", "user_id,book_id,is_read,rating,is_reviewed")),
    text("shuffled.csv", lines("{t},{u},{i},{r}", "timestamp,userId,movieId,rating")),
    text("renamed.csv", lines("{i},{u},{r}", "movieId,userId,rating")),
    text("HetRec user_artists.dat", lines("{u}\t{i}\t{r}", "userID\tartistID\tweight")),
    text("Amazon.jsonl", AMAZON, users=[f"A{u}" for u in USERS], items=ASINS),
    text(
        "Amazon.tsv",
        lines(
            "US\t{u}\tR{n}\t{i}\tA\t{r}\t3\t9",
            "\t".join(
                [
                    "marketplace",
                    "customer_id",
                    "review_id",
                    "product_id",
                    "product_title",
                    "star_rating",
                    "helpful_votes",
                    "total",
                ]
            ),
        ),
    ),
    text("fine foods.csv", lines("{n},{i},{u},Ann,1,{r},{t}", "Id,ProductId,UserId,ProfileName,Helpful,Score,Time")),
    text("German.csv", lines("{t};{u};{i};{r},5", "Zeit;Nutzer;Film;Bewertung"), ratings=[r + 0.5 for r in STARS]),
    text("German without header.csv", lines("{u};{i};{r},5"), ratings=[r + 0.5 for r in STARS]),
    text("pandas index.csv", FRAME.to_csv(lineterminator="\n")),
    text("pandas places.csv", FRAME.iloc[:, :3].to_csv(lineterminator="\n", header=["0", "1", "2"])),
    text("R row names.csv", lines('"{n}","{u}","{i}",{r}', '"user","item","rating"')),
    text("R write.table.txt", lines('"{n}" {u} {i} {r}', '"user" "item" "rating"'), sep="space"),
    text("truth.csv", lines("{u},{i},True", "user,item,liked", ROWS[:3]), USERS[:3], ITEMS[:3], [1.0] * 3),
    text(
        "Jester.csv",
        lines("{u},{i},{r}", "userId,jokeId,rating", JOKES),
        ratings=[x[2] for x in JOKES],
        range=(-10, 10),
    ),
    text("Jester ratings.dat", lines("{u}\t\t{i}\t\t{r}")),
    text("bars.txt", lines("{u}|{i}|{r}", "user|item|rating")),
    text("shop orders.csv", lines("{n},{u},{t},{i},{r}", "order_id,customer_id,date,product_id,quantity")),
    text(
        "Steam.csv",
        lines('{u},"Half-Life, {i}",play,{r}.0,0'),
        items=[f"Half-Life, {i}" for i in ITEMS],
        columns=("1", "2", "4"),
    ),
    text("unknown names.csv", lines("{u},{i},{r}", "left,right,value")),
    text("sessions.csv", lines("{u},{t},{i},cat", "SessionId,Time,ItemId,Category"), ratings=None),
    text(
        "thousands.csv", lines("{u};{i};{r}.000", "user;item;plays"), ratings=[1000.0 * r for r in STARS], decimal=","
    ),
    text(
        "Last.fm 360k.tsv",
        "".join(f"{h}\tm-{i}\t{b}\t{r}\n" for h, i, b, r in zip(HASHES, ITEMS, BANDS, STARS, strict=True)),
        users=HASHES,
        items=BANDS,
        columns=("1", "3", "4"),
    ),
]
REFUSED = [
    refused(
        "Last.fm 360k.tsv",
        lines("{u:x}z\tm-{i}\tband\t{r}"),
        "no number in its third field, 'band'.* columns=USER,ITEM",
    ),
    refused(
        "Last.fm 1k.tsv",
        lines("user_{u}\t2009-05-04T23:08:57Z\tx\ty"),
        "has no header, and .*columns=USER,ITEM,RATING",
    ),
    refused(
        "Last.fm names.csv",
        lines("{u},{i},a,{r}", "user,artist,track,plays"),
        "'artist' and 'track' could all be the item",
    ),
    refused("Steam-200k.csv", lines('{u},"Dota 2",play,{r}.0,0'), "has no header, and 5 fields"),
    refused(
        "Jester.csv",
        lines("{u},{i},{r}", "userId,jokeId,rating", JOKES),
        "are negative.* range=-9.75:6.25 takes them",
    ),
    refused("Jester matrix.csv", "\n".join(["5,1.5,99,2,-3.25,4"] * 9), "has no header, and 6 fields"),
    refused(
        "anime.csv",
        lines("{u},{i},-1", "user_id,anime_id,rating"),
        r"40 of the ratings are negative, -1 the lowest.*range=0:1 leaves",
    ),
    refused(
        "Amazon ratings.csv",
        "".join(f"{a},A{u},{r}\n" for a, u, r in zip(ASINS, USERS, STARS, strict=True)),
        "numbers of articles in its first",
    ),
    refused("times.csv", lines("{u},{i},{t}"), "the ratings, field 3, look like times"),
    refused("films.csv", lines("{i},A film,Drama", "movieId,title,genres"), "do not say which are user and item"),
    refused("tags.csv", lines("{i},{r},{t}", "movieId,rating,timestamp"), "do not say which are user and item"),
    refused("thousands.csv", lines("{u};{i};{r}.000", "user;item;plays"), TWOFOLD),
    refused("commas.csv", lines('{u},{i},"{r},250"', "user,item,plays"), TWOFOLD),
    refused("array.json", json.dumps([{"user": 1, "item": 2}]), "is a JSON array; of JSON one object a line is taken"),
    refused("Netflix.txt", "1:\n1488844,3,2005-09-06\n", "is '1:'; anything else is taken by sep="),
    refused("spaces.txt", lines("{u} {i} {r}"), "anything else is taken by sep="),
    refused("parquet.csv", "PAR1,1,1\n", "its name must then end in .parquet"),
    refused("wide.csv", lines("{u},{i},{r},{t}", "a,b,c,d"), "say which by columns=USER,ITEM,RATING"),
]


@pytest.mark.parametrize(("name", "content", "triplets", "how"), READ)
def test_tables_are_read_as_what_they_are(tmp_path, name, content, triplets, how):
    (tmp_path / name).write_text(content, encoding="utf-8")
    table = read_interactions(tmp_path / name, TableFormat(**how))
    assert table.rejected == ()
    assert table.users.ids[table.users.codes].tolist() == triplets[0]
    assert table.items.ids[table.items.codes].tolist() == triplets[1]
    assert (None if table.ratings is None else table.ratings.tolist()) == triplets[2]


@pytest.mark.parametrize(("name", "content", "message", "how"), REFUSED)
def test_tables_that_do_not_say_what_they_are_are_refused(tmp_path, name, content, message, how):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message) as error:
        read_interactions(tmp_path / name, TableFormat(**how))
    assert str(error.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("index", [None, "userId", ["userId", "movieId"], "timestamp"])
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_parquet_of_pandas_is_read_by_names(tmp_path, index, order):
    frame = FRAME.iloc[:, order]
    (frame if index is None else frame.set_index(index)).to_parquet(tmp_path / "t.parquet")
    table = read_interactions(tmp_path / "t.parquet")
    assert table.users.ids[table.users.codes].tolist() == USERS
    assert table.items.ids[table.items.codes].tolist() == ITEMS
    assert table.ratings.tolist() == STARS
    assert str(table.columns) == "user=userId, item=movieId, rating=rating"


def test_rows_out_of_the_range_are_told(tmp_path):
    (tmp_path / "t.csv").write_text("User-ID;ISBN;Book-Rating\n1;a;0\n1;b;10\n2;a;-1\n2;b;1\n")
    table = read_interactions(tmp_path / "t.csv", TableFormat(range=(1, 10)))
    assert table.ratings.tolist() == [10, 1]
    reason = "the rating must be a number from 1 to 10, as range says, is '{}'"
    assert [(row.line, row.reason) for row in table.rejected] == [(2, reason.format(0)), (4, reason.format(-1))]


def test_json_lines_that_are_damaged_are_told(tmp_path):
    rows = ['{"user": 7, "item": "b", "stars": 1}', '{"user": 7, "item": "c"}', "{", '{"user": [7], "item": "b"}', ""]
    (tmp_path / "t.jsonl").write_text("\n".join([*rows, '{"item": 3, "user": "x", "stars": "2.5", "note": [1]}']))
    table = read_interactions(tmp_path / "t.jsonl")
    assert table.users.ids[table.users.codes].tolist() == ["7", "x"]
    assert table.ratings.tolist() == [1, 2.5]
    assert [row.line for row in table.rejected] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("usual", "header", "read"),
    [
        (("movieId", "userId", "rating"), "userId,movieId,rating", ("movieId", "userId", "rating")),
        (("who", "film", "stars"), "userId,movieId,rating", ("userId", "movieId", "rating")),
        (("field 2", "field 1", "field 3"), "", ("field 2", "field 1", "field 3")),
        (("field 2", "field 1", "field 3"), "userId,movieId,rating", ("userId", "movieId", "rating")),
    ],
)
def test_columns_of_an_earlier_table_are_taken_where_they_are_there(tmp_path, usual, header, read):
    (tmp_path / "t.csv").write_text(lines("{u},{i},{r}", header))
    assert read_interactions(tmp_path / "t.csv", TableFormat(usual=usual)).columns.names == read


def test_columns_that_contradict_an_earlier_table_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text(lines("{u},{i},{r}", "userId,movieId,rating"))
    how = TableFormat(usual=("userId", "movieId", "rating"), columns=("movieId", "userId"))
    with pytest.raises(DataError, match="has user=movieId, which was the item in the fit"):
        read_interactions(tmp_path / "t.csv", how)
