"""`mho cluster` and `mho topics`, as a user calls them."""

import csv
import json

import numpy as np
import pytest

SEA, LAW = "ship sail harbour wave captain".split(), "judge jury verdict lawyer trial".split()


@pytest.fixture
def groups(tmp_path):
    """Twelve named samples in two groups, in two dimensions."""
    rng = np.random.default_rng(0)
    points = rng.random((12, 2)) + 10 * (np.arange(12) % 2)[:, None]
    lines = ["name,x,y", *(f"s{i},{x:.4f},{y:.4f}" for i, (x, y) in enumerate(points))]
    (tmp_path / "points.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "points.csv"


@pytest.fixture
def documents(tmp_path):
    rng = np.random.default_rng(0)
    lines = [" ".join(rng.choice(words, 4, replace=False)) for words in (SEA, LAW) for _ in range(20)]
    (tmp_path / "texts.txt").write_text("\n".join(lines) + "\n")
    return tmp_path / "texts.txt"


def test_samples_go_to_their_groups(mho, groups, tmp_path):
    code, shown, said = mho("cluster", groups, "-k", 2, "--neighbors", 3, "-o", tmp_path / "labels.csv")
    assert (code, "12 samples x 2 features" in said, "clusters" in shown) == (0, True, True)
    with (tmp_path / "labels.csv").open() as stream:
        labels = {row["name"]: row["cluster"] for row in csv.DictReader(stream)}
    assert len({labels[f"s{i}"] for i in range(0, 12, 2)}) == len({labels[f"s{i}"] for i in range(1, 12, 2)}) == 1
    assert labels["s0"] != labels["s1"]


def test_a_graph_is_clustered_by_the_chip(mho, tmp_path):
    np.save(tmp_path / "graph.npy", np.kron(np.eye(2), np.ones((4, 4)) - np.eye(4)))
    code, shown, _ = mho("cluster", tmp_path / "graph.npy", "-k", 2, "--graph", "--engine", "hybrid", "--json")
    figures = json.loads(shown)
    assert code == 0
    assert (figures["sizes"], figures["engine"]) == ([4, 4], "hybrid")
    assert len({figures["labels"][str(i)] for i in range(4)}) == 1


def test_topics_are_told_with_new_documents(mho, documents, tmp_path):
    (tmp_path / "new.txt").write_text("the captain set sail\na trial by jury\n\n")
    code, shown, _ = mho(
        "topics", documents, "-k", 2, "--topic", "law=judge", "--words", 5, "--json", "--new", tmp_path / "new.txt"
    )
    figures = json.loads(shown)
    assert code == 0
    assert set(figures["topics"][0]["words"]) == set(LAW)
    assert set(figures["topics"][1]["words"]) == set(SEA)
    assert figures["largest"] == {"1": figures["topics"][1]["label"], "2": "law", "3": None}
    assert figures["diversity"] == 1


def test_a_folder_of_texts_goes_to_a_table(mho, documents, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for number, line in enumerate(documents.read_text().splitlines()):
        (folder / f"{number:02}.txt").write_text(line)
    code, shown, _ = mho("topics", folder, "-k", 2, "--starts", 2, "-o", tmp_path / "shares.csv")
    rows = list(csv.reader((tmp_path / "shares.csv").read_text().splitlines()))
    assert (code, len(rows), rows[1][0]) == (0, 41, "00.txt")
    assert rows[1][1] != rows[-1][1]
    assert "diversity 1.00" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cluster", "points.csv", "-k", "13"], "-k must be at least 1 and at most 12"),
        (["cluster", "points.csv", "-k", "2", "--graph"], "X must be square"),
        (["cluster", "points.csv", "-k", "2", "--neighbors", "0"], "--neighbors must be at least 1"),
        (["topics", "texts.txt", "-k", "0"], "-k must be at least 1"),
        (["topics", "texts.txt", "-k", "2", "--topic", "law"], "--topic must be NAME=WORD,WORD, got 'law'"),
        (["topics", "texts.txt", "-k", "2", "--topic", "a=sea", "--topic", "a=law"], "--topic a: is given twice"),
        (["topics", "texts.txt", "-k", "2", "--max-share", "2"], "--max-share must be above 0 and at most 1"),
        (["topics", "texts.txt", "-k", "2", "--max-bytes", "5"], "has more than --max-bytes 5"),
        (["topics", "empty.txt", "-k", "2"], "must have a document in each line, is empty"),
        (["topics", "latin.txt", "-k", "2"], "is not UTF-8 from byte 3 on"),
        (["topics", ".", "-k", "2", "-o", "texts.txt"], "-o must end in .csv"),
    ],
)
def test_bad_input_is_one_line(mho, groups, documents, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    code, _, said = mho(*arguments)
    assert code in (1, 2)
    assert says in said
    assert "Traceback" not in said


def test_a_document_is_a_line_as_editors_count_them(mho, documents, tmp_path):
    text = documents.read_text().replace(" ", "\x0b ", 1).replace("\n", "\u2028 more\r\n", 3)
    (tmp_path / "breaks.txt").write_text(text, newline="")
    code, shown, _ = mho("topics", tmp_path / "breaks.txt", "-k", 2, "--starts", 2, "--json")
    assert (code, json.loads(shown)["documents"]) == (0, 40)


@pytest.fixture
def counts(tmp_path, monkeypatch):
    """Counts of thirty samples and the two signatures that they are drawn from, in tables with names."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    known = rng.dirichlet(np.full(12, 0.2), 2)
    X = rng.poisson(rng.gamma(0.5, 3000, (30, 2)) @ known + 1)
    head = "name," + ",".join(f"kind{j}" for j in range(12))
    for file, table, letter in (("counts.csv", X, "s"), ("known.csv", known, "K")):
        rows = [f"{letter}{i}," + ",".join(str(value) for value in row) for i, row in enumerate(table.tolist())]
        (tmp_path / file).write_text("\n".join([head, *rows]) + "\n")
    (tmp_path / "other.csv").write_text("name,a,b\nK0,1,0\n")
    return tmp_path


def test_signatures_are_told_with_the_known_ones(mho, counts):
    code, shown, _ = mho(
        "signatures", "counts.csv", "-k", 2, "--starts", 3, "--known", "known.csv", "-o", "s.csv", "--json"
    )
    rows = json.loads(shown)["signatures"]
    assert code == 0
    assert {row["like"] for row in rows} == {"K0", "K1"}
    assert min(row["cosine"] for row in rows) > 0.95
    assert (counts / "s.csv").read_text().splitlines()[0].endswith("kind10,kind11")


def test_exposures_to_known_signatures(mho, counts):
    code, shown, _ = mho("signatures", "counts.csv", "--refit", "--known", "known.csv", "--exposures", "e.csv")
    assert (code, "K0" in shown, "K1" in shown) == (0, True, True)
    table = list(csv.DictReader((counts / "e.csv").read_text().splitlines()))
    total = sum(map(int, (counts / "counts.csv").read_text().splitlines()[1].split(",")[1:]))
    assert float(table[0]["K0"]) + float(table[0]["K1"]) == pytest.approx(total, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-k", "2", "--known", "other.csv"], "--known other.csv: must have the columns of counts.csv"),
        (["--refit"], "--refit needs --known"),
        ([], "give either -k"),
        (["-k", "3", "--most", "2"], "--most must be at least -k, got 2"),
        (["-k", "13"], "-k must be at least 1 and at most 12"),
        (["-k", "2", "--starts", "1"], "--starts must be at least 2"),
        (["-k", "2", "-o", "s.csv", "--exposures", "./s.csv"], "--exposures s.csv: is what -o writes too"),
    ],
)
def test_signatures_refuse_in_one_line(mho, counts, arguments, says):
    code, _, said = mho("signatures", "counts.csv", *arguments)
    assert code == 2
    assert says in said
