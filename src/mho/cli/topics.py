"""`mho topics`: topics of texts, with the words that make them."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.report import Json, as_json
from mho.cli.settings import EngineName, WholeNumber, check_whole_numbers
from mho.cli.standard_input import file_of
from mho.cli.tables import wrapped
from mho.cli.target import check_target

__all__ = ["EXAMPLES", "topics"]

EXAMPLES = """\
Examples:

    mho topics letters/ -k 12 -o letters.csv

    mho topics messages.txt -k 20 --new today.txt --json

    mho topics messages.txt -k 20 --topic 'space=nasa,orbit' --engine hybrid
"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TopicOptions:
    """Options of topics.

    Parameters
    ----------
    n_topics
        Number of topics.
    topic
        NAME=WORD,WORD: a topic to begin from; may be given several times.
    words
        Words that are shown of each topic.
    min_documents
        Count words that are in so many documents at least.
    max_share
        Leave out words that are in more than this share of the documents.
    starts
        Factorizations that topics are agreed upon by.
    engine
        Who solves: this CPU, the simulated analogue chip, or the chip first and the CPU last.
    seed
        For the starts and the errors of the chip.
    max_bytes
        Refuse texts that are larger.
    """

    n_topics: Annotated[WholeNumber, Parameter(name=("-k", "--topics"))]
    topic: tuple[str, ...] = ()
    words: WholeNumber = 10
    min_documents: WholeNumber = 5
    max_share: float = 0.5
    starts: WholeNumber = 5
    engine: EngineName = "digital"
    seed: WholeNumber = 0
    max_bytes: WholeNumber = 2**30

    def check(self) -> None:
        """Refuse numbers out of range, by the names of their options."""
        from mho import checks

        check_whole_numbers(self)
        checks.at_least(self.words, "--words", 2)
        if not 0 < self.max_share <= 1:
            raise ValueError(f"--max-share must be above 0 and at most 1, got {self.max_share}")

    def model(self) -> Any:
        """Return the estimator that was asked for."""
        from mho.topics import Topics

        return Topics(
            self.n_topics,
            seeds=_seeds(self.topic) or None,
            starts=self.starts,
            engine=self.engine,
            min_documents=self.min_documents,
            max_share=self.max_share,
            random_state=self.seed,
        )


def topics(
    source: Annotated[Path, Parameter(name="INPUT", allow_leading_hyphen=True)],
    /,
    *,
    options: TopicOptions,
    new: Path | None = None,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
    json: Json = False,
) -> None:
    """Find topics in texts: the words that make each, and each document's share of them.

    Parameters
    ----------
    source
        A text file, a line for each document (also .gz), or a folder whose .txt files are the documents; - is standard
        input.
    options
        What is looked for, and by whom.
    new
        Other texts, as INPUT, whose topics are told in place of those of INPUT.
    out
        Write a .csv file of document, its largest topic and the share of every topic.
    json
        Print topics, coherence and documents as JSON.
    """
    options.check()
    model = options.model()
    source = file_of(source, braces=".txt", most=options.max_bytes)
    if out is not None:
        check_target(out, [source, new], suffixes=[".csv"])
    names, texts = _read(source, options.max_bytes)
    others = None if new is None else _read(new, options.max_bytes)
    note(f"{source.name}: {len(texts):,} documents, {sum(map(len, texts)):,} characters")
    model.fit(texts)
    told, mixtures = (names, model.mixtures_) if others is None else (others[0], model.transform(others[1]))
    figures = _figures(model, texts, options)
    if out is not None:
        _write(out, told, model.labels_, mixtures)
    if json:
        largest = [model.labels_[row.argmax()] if row.any() else None for row in mixtures]
        print(as_json({"input": source, **figures, "largest": dict(zip(told, largest, strict=True))}))
    else:
        _show(figures)


def _seeds(options: tuple[str, ...]) -> dict[str, list[str]]:
    """Words of each topic that is begun from, by its name."""
    seeds: dict[str, list[str]] = {}
    for option in options:
        name, given, words = option.partition("=")
        found = [word.strip() for word in words.split(",") if word.strip()]
        if not (name and given and found):
            raise ValueError(f"--topic must be NAME=WORD,WORD, got {option!r}")
        if name in seeds:
            raise ValueError(f"--topic {name}: is given twice; give all its words at once, {name}=WORD,WORD")
        seeds[name] = found
    return seeds


def _read(source: Path, max_bytes: int) -> tuple[list[str], list[str]]:
    """Names and texts of the documents."""
    if source.is_dir():
        files = sorted(source.glob("*.txt"))
        if not files:
            raise ValueError(f"{source}: must have .txt files, a document each, has none")
        sizes = sum(file.stat().st_size for file in files)
        if sizes > max_bytes:
            raise ValueError(f"{source}: has {sizes:,} bytes, more than --max-bytes {max_bytes:,}")
        return [file.name for file in files], [_decoded(file.read_bytes(), file) for file in files]
    from mho.data.text import open_bytes

    with open_bytes(source) as stream:
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"{source}: has more than --max-bytes {max_bytes:,}")
    lines = [line.rstrip("\n") for line in StringIO(_decoded(data, source), newline=None)]  # as editors count them
    if not lines:
        raise ValueError(f"{source}: must have a document in each line, is empty")
    return [str(number) for number in range(1, len(lines) + 1)], lines


def _decoded(data: bytes, path: Path) -> str:
    from mho.data import DataError

    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 from byte {error.start:,} on; convert it with iconv") from None


def _figures(model: Any, texts: list[str], options: TopicOptions) -> dict[str, Any]:
    from mho.topics import c_v, diversity, npmi

    words = model.top_words(options.words)
    whole = all(len(row) > 1 for row in words)
    coherence = npmi(words, texts) if whole else [float("nan")] * len(words)
    share = (model.mixtures_ / model.mixtures_.sum(axis=1, keepdims=True).clip(1e-300)).mean(axis=0)
    rows = zip(model.labels_, words, coherence, share, strict=True)
    return {
        "documents": len(texts),
        "words": len(model.words_),
        "engine": options.engine,
        "npmi": float(sum(coherence) / len(words)),
        "c_v": float(c_v(words, texts).mean()) if whole else float("nan"),
        "diversity": diversity(words),
        "topics": [
            {"label": label, "words": row, "npmi": float(one), "share": float(part)} for label, row, one, part in rows
        ],
    }


def _show(figures: dict[str, Any]) -> None:
    print(
        f"{figures['documents']:,} documents, {figures['words']:,} words counted; NPMI {figures['npmi']:.3f}, "
        f"C_v {figures['c_v']:.3f}, diversity {figures['diversity']:.2f}"
    )
    for topic in figures["topics"]:
        print(f"\n{topic['label']}: {100 * topic['share']:.1f} %, NPMI {topic['npmi']:.2f}")
        print(wrapped(", ".join(topic["words"]), indent=4))


def _write(out: Path, names: list[str], labels: list[str], mixtures: Any) -> None:
    from mho.data.named_matrix import write_rows

    shares = mixtures / mixtures.sum(axis=1, keepdims=True).clip(1e-300)
    largest = (labels[row.argmax()] if row.any() else "" for row in shares)
    fields = ((f"{share:.4f}" for share in row) for row in shares)
    rows = ([name, topic, *row] for name, topic, row in zip(names, largest, fields, strict=True))
    write_rows(out, ("document", "topic", *labels), rows)
