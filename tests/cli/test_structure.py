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
