"""`mho sound`: sources or notes of a sound, each in a file of its own."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.report import Json, as_json
from mho.cli.settings import EngineName, WholeNumber, check_whole_numbers
from mho.cli.standard_input import file_of
from mho.cli.tables import columns

__all__ = ["EXAMPLES", "sound"]

EXAMPLES = """\
Examples:

    mho sound song.wav --source voice=talk.wav --source band=loops.wav -o parts

    mho sound chord.wav --note A3=a3.wav --note 'D#4=ds4.wav' -o notes --json
"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SoundOptions:
    """Options of a separation.

    Parameters
    ----------
    source
        NAME=FILE: what a source sounds like alone; two of them or more.
    note
        NOTE=FILE: a note of the instrument alone, such as F#3=fs3.wav; the notes of INPUT are looked for.
    notes
        Number of notes that are looked for; by default those with a tenth of the loudest one's magnitude.
    components
        Entries of each source's dictionary.
    length
        Frames of an entry: 1 for spectra, more for patterns in time.
    loss
        What is minimised: kullback-leibler of the magnitudes, itakura-saito of the powers, or frobenius, the squared
        error of the magnitudes.
    engine
        Who solves: this CPU, the simulated analogue chip, or the chip first and the CPU last; the chip takes frobenius.
    max_iter
        Iterations at the most.
    seed
        For the dictionaries' starts and the errors of the chip.
    max_samples
        Refuse a file that has more samples.
    """

    source: tuple[str, ...] = ()
    note: tuple[str, ...] = ()
    notes: WholeNumber | None = None
    components: WholeNumber = 32
    length: WholeNumber = 1
    loss: Literal["kullback-leibler", "itakura-saito", "frobenius"] = "kullback-leibler"
    engine: EngineName = "digital"
    max_iter: WholeNumber = 100
    seed: WholeNumber = 0
    max_samples: WholeNumber = 2**25

    def check(self) -> None:
        """Refuse what does not go together, by the names of the options."""
        check_whole_numbers(self)
        if bool(self.source) == bool(self.note):
            raise ValueError("give either --source NAME=FILE, two or more, or --note NOTE=FILE, one or more")
        if self.source and self.notes is not None:
            raise ValueError("--notes goes with --note, got --source")
        if len(self.source) == 1:
            raise ValueError("--source must be given for two sources or more, got one")
        if self.engine != "digital" and (self.loss != "frobenius" or self.length > 1):
            raise ValueError(f"--engine {self.engine} solves least squares: take --loss frobenius and --length 1")
        names = self.files()
        if self.note:
            from mho.sound import note_pitch

            for name in names:
                note_pitch(name)

    def files(self) -> dict[str, Path]:
        """Return the files of the sources or the notes by their names."""
        option, given = ("--source", self.source) if self.source else ("--note", self.note)
        found: dict[str, Path] = {}
        for one in given:
            name, sign, path = one.partition("=")
            if not (sign and path and re.fullmatch(r"[\w#][\w# .-]*", name)):
                raise ValueError(f"{option} must be NAME=FILE, the name of letters, digits, # _ . -, got {one!r}")
            if name in found:
                raise ValueError(f"{option} {name}: is given twice")
            found[name] = Path(path)
        return found

    def read(self) -> dict[str, Any]:
        """Return the sounds of the sources or the notes by their names, checked."""
        from mho.sound import read_sound

        return {
            name: read_sound(path, max_samples=self.max_samples).check(str(path)) for name, path in self.files().items()
        }

    def model(self) -> Any:
        """Return the estimator that was asked for."""
        from mho.sound import Notes, Sources

        given: dict[str, Any] = {"loss": self.loss, "engine": self.engine, "random_state": self.seed}
        if self.note:
            return Notes(self.notes, **given)
        return Sources(self.components, length=self.length, max_iter=self.max_iter, **given)


def sound(
    source: Annotated[Path, Parameter(name="INPUT", allow_leading_hyphen=True)],
    /,
    *,
    options: SoundOptions = SoundOptions(),
    out: Annotated[Path, Parameter(name=("-o", "--out"))],
    json: Json = False,
) -> None:
    """Separate a sound into its sources, or into its notes, a WAV file for each.

    Parameters
    ----------
    source
        The sound: .wav, .flac or .ogg; - is standard input.
    options
        What is known of the parts, and who solves.
    out
        Write the parts to this folder, which must not be there yet or be empty.
    json
        Print the parts as JSON.
    """
    from mho.sound import read_sound, write_sound

    options.check()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"-o {out}: must be a new or an empty folder; is not")
    if not (out if out.exists() else out.parent).is_dir():
        raise ValueError(f"-o {out}: its folder is not there")
    source = file_of(source)
    mixture = read_sound(source, max_samples=options.max_samples).check(str(source))
    alone = options.read()
    note(f"{source.name}: {mixture.seconds:.1f} s at {mixture.rate:,} Hz, {'notes' if options.note else 'sources'}")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*: is clipped")  # told of already, by the names of the files
        parts, rows = _separated(options.model().fit(alone), mixture)
    out.mkdir(exist_ok=True)
    for row, part in zip(rows, parts, strict=True):
        row["file"] = f"{row['name']}.wav"
        write_sound(out / row["file"], part)
    if json:
        print(as_json({"input": source, "rate": mixture.rate, "seconds": mixture.seconds, "parts": rows}))
    else:
        print(columns([list(rows[0]), *([str(value) for value in row.values()] for row in rows)]))


def _separated(model: Any, mixture: Any) -> tuple[list[Any], list[dict[str, Any]]]:
    """Parts, and what is told of each."""
    from mho.sound import Notes

    if not isinstance(model, Notes):
        found = model.separate(mixture)
        return list(found.values()), [{"name": name, "level_db": _level(part)} for name, part in found.items()]
    notes = model.separate(mixture)
    rows = [
        {
            "name": one.name,
            "pitch": round(one.pitch, 2),
            "begins_s": round(float(one.hop * (one.strength > 0.1 * one.strength.max()).argmax()), 2),
            "level_db": _level(one.sound),
        }
        for one in notes
    ]
    return [one.sound for one in notes], rows


def _level(part: Any) -> float:
    """Root mean square in dB of full scale."""
    import numpy as np

    return round(10 * float(np.log10(np.mean(part.samples**2) + 1e-30)), 1)
