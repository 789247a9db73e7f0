"""`mho signatures`: mutational signatures of a table of counts, or exposures to known ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber, check_whole_numbers
from mho.cli.standard_input import file_of
from mho.cli.tables import columns
from mho.cli.target import check_target

__all__ = ["EXAMPLES", "signatures"]

EXAMPLES = """\
Examples:

    mho signatures counts.csv -k 5 -o signatures.csv --exposures exposures.csv

    mho signatures counts.csv -k 2 --most 8 --known catalogue.csv --json

    mho signatures counts.csv --refit --known catalogue.csv --exposures exposures.csv
"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SignatureOptions:
    """Options of signatures.

    Parameters
    ----------
    n_signatures
        Number of signatures.
    most
        Choose the number by counts held out, from -k to this one.
    known
        Table of known signatures, a row for each and the same columns as COUNTS: those found are told with the ones
        that they are most like.
    refit
        Find no signatures: tell the exposures to the known ones.
    starts
        Factorizations that are agreed upon.
    seed
        For the starts.
    """

    n_signatures: Annotated[WholeNumber | None, Parameter(name=("-k", "--signatures"))] = None
    most: WholeNumber | None = None
    known: Path | None = None
    refit: Annotated[bool, Parameter(negative="", show_default=False)] = False
    starts: WholeNumber = 20
    seed: WholeNumber = 0

    def check(self) -> None:
        """Refuse what does not go together, by the names of the options."""
        from mho import checks

        if self.refit != (self.n_signatures is None):
            raise ValueError("give either -k, how many signatures are looked for, or --refit with --known")
        if self.refit and self.known is None:
            raise ValueError("--refit needs --known, the signatures that exposures are told of")
        check_whole_numbers(self)
        checks.at_least(self.starts, "--starts", 2)
        if self.most is not None and (self.n_signatures is None or self.most < self.n_signatures):
            raise ValueError(f"--most must be at least -k, got {self.most}")

    def numbers(self) -> Any:
        """Return the numbers of signatures to choose from."""
        assert self.n_signatures is not None
        return self.n_signatures if self.most is None else range(self.n_signatures, self.most + 1)


def signatures(
    source: Annotated[Path, Parameter(name="COUNTS", allow_leading_hyphen=True)],
    /,
    *,
    options: SignatureOptions = SignatureOptions(),
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
    exposures: Path | None = None,
    json: Json = False,
) -> None:
    """Find mutational signatures in counts, or tell how much of known ones each sample has.

    Parameters
    ----------
    source
        Table of counts, .csv or .tsv: a row for each sample, a column for each kind of mutation, with names; - is
        standard input.
    options
        What is looked for.
    out
        Write a .csv file of the signatures, each of sum 1.
    exposures
        Write a .csv file of the counts of each sample that each signature accounts for.
    json
        Print the summary as JSON.
    """
    from mho.data.named_matrix import read_named_matrix, write_table

    options.check()
    source = file_of(source)
    for path, option in ((out, "-o"), (exposures, "--exposures")):
        if path is not None:
            check_target(path, [source, options.known], option=option, suffixes=[".csv"])
    if out is not None and exposures is not None and out.resolve() == exposures.resolve():
        raise ValueError(f"--exposures {exposures}: is what -o writes too; take another file")
    counts = read_named_matrix(source)
    known = None if options.known is None else read_named_matrix(options.known)
    if known is not None and known.columns != counts.columns:
        raise ValueError(f"--known {options.known}: must have the columns of {source}, in their order; has others")
    m, n = counts.X.shape
    note(f"{source.name}: {m:,} samples x {n:,} kinds of mutation")
    names, spectra, shares, figures = _found(counts.X, known, options)
    samples, kinds = counts.rows or _numbers(m), counts.columns or _numbers(n)
    if out is not None:
        write_table(out, spectra, names, kinds)
    if exposures is not None:
        write_table(exposures, shares, samples, names)
    if json:
        print(as_json({"counts": source, "samples": m, "kinds": n, **figures}))
    else:
        rows = [[str(value) for value in row.values()] for row in figures["signatures"]]
        print(columns([list(figures["signatures"][0]), *rows]))


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(1, count + 1)))


def _found(X: Any, known: Any, options: SignatureOptions) -> tuple[tuple[str, ...], Any, Any, dict[str, Any]]:
    """Names, signatures (k, n), exposures (m, k) and figures."""
    from mho.signatures import Signatures, match, refit

    told = () if known is None else known.rows or _numbers(len(known.X))
    if options.refit and known is not None:
        names, spectra, shares, likest = told, known.X, refit(X, known.X), {}
    else:
        model = Signatures(options.numbers(), starts=options.starts, random_state=options.seed).fit(X)
        spectra, shares = model.components_, model.exposures_
        names = tuple(f"signature{i}" for i in range(1, len(spectra) + 1))
        matched = None if known is None else match(spectra, known.X)
        pairs = () if matched is None else zip(matched.found, matched.known, matched.cosine, strict=True)
        likest = {names[i]: {"like": told[j], "cosine": round(float(cosine), 4)} for i, j, cosine in pairs}
    part = shares.sum(axis=0) / max(float(shares.sum()), 1e-300)
    nothing = {"like": "", "cosine": ""} if likest else {}
    rows = [
        {"name": name, "share": round(float(one), 4), **likest.get(name, nothing)}
        for name, one in zip(names, part, strict=True)
    ]
    return names, spectra, shares, {"signatures": rows}
