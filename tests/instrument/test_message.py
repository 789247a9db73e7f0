"""Messages in a stream, by the rules of IEEE 488.2."""

import numpy as np
import pytest

from mho.instrument.errors import ScpiError
from mho.instrument.headers import spellings
from mho.instrument.message import MOST_BYTES, MessageReader, units


def _messages(stream, step):
    reader, found = MessageReader(), []
    for i in range(0, len(stream), step):
        reader.feed(stream[i : i + step])
        while (message := reader.take()) is not None:
            found.append(message)
    return found, reader.pending


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_stream_is_cut_at_line_feeds_outside_of_blocks_however_it_comes(step):
    block = b"#15a\n\"';"
    stream = b"*IDN?\r\nMEAS? 1,1," + block + b'\nA "#19";B \'x\n*RST\n' + b"left"
    found, pending = _messages(stream, step)
    assert found == [b"*IDN?\r", b"MEAS? 1,1," + block, b'A "#19";B \'x', b"*RST"]
    assert pending


def test_a_message_too_long_is_told_once_and_dropped_to_its_end():
    reader = MessageReader()
    reader.feed(b"x" * (MOST_BYTES + 1))
    with pytest.raises(ScpiError, match="-223"):
        reader.take()
    for _ in range(3):
        reader.feed(b"y" * 1000)
        assert reader.take() is None
        assert len(reader._buffer) == 0
    reader.feed(b"z\n*IDN?\n")
    assert reader.take() == b"*IDN?"


def test_a_block_longer_than_a_message_may_be_is_passed_over_by_its_length():
    reader = MessageReader()
    reader.feed(b"A #840000000" + b"\n*RST\n" * 10)
    with pytest.raises(ScpiError, match="-223"):
        reader.take()
    assert reader.take() is None
    for size in (10**7, 10**7, 10**7, 10**7 - 60):
        reader.feed(b"\n" * size)
        assert reader.take() is None
    reader.feed(b"\n*IDN?\n")
    assert reader.take() == b"*IDN?"


def test_a_block_that_is_too_long_and_has_come_whole_already():
    reader = MessageReader()
    reader.feed(b"A #8%d" % (MOST_BYTES + 1) + b"\n" * (MOST_BYTES + 1) + b";B\n*IDN?\n")
    with pytest.raises(ScpiError, match="-223"):
        reader.take()
    assert reader.take() == b"*IDN?"


def test_parameters_of_each_kind():
    (unit,) = units(b'  meas:sol? 1, -2.5E-3 , .5 ,#H1f,#q17,#B101, word_1, \'it\'\'s\', "a;b,""c""" , #15a;,\n1\r')
    assert unit.header == "MEAS:SOL?"
    assert [p.value for p in unit.parameters] == [1, -0.0025, 0.5, 31, 15, 5, "WORD_1", "it's", 'a;b,"c"', b"a;,\n1"]


def test_commands_of_one_message():
    found = list(units(b";; *IDN? ;SYST:ERR?; :A:B 1,2;"))
    assert [(unit.header, len(unit.parameters)) for unit in found] == [("*IDN?", 0), ("SYST:ERR?", 0), (":A:B", 2)]


@pytest.mark.parametrize(
    ("message", "number"),
    [
        (b"\xff\xfe", -101),
        (b"A \xc3\xa4", -101),
        (b"?", -102),
        (b"A:", -102),
        (b"::A", -102),
        (b"*IDN-?", -102),
        (b"A 1,,2", -102),
        (b"A 1,", -102),
        (b"A 1 2", -103),
        (b"A 'x' 2", -103),
        (b"A 1.5V", -121),
        (b"A 1e", -121),
        (b"A 1.2.3", -121),
        (b"A 1E999", -123),
        (b"A #H" + b"F" * 400, -123),
        (b"A 'never ends", -151),
        (b"A #0indefinite", -161),
        (b"A #", -161),
        (b"A #15abc", -161),
        (b"A #2x5abcde", -161),
        (b"A #15abcdeMORE", -161),
    ],
)
def test_a_message_that_is_none_has_its_number(message, number):
    with pytest.raises(ScpiError) as caught:
        list(units(message))
    assert caught.value.number == number


@pytest.mark.parametrize(
    "message",
    [b"A " + b"1" * 200_000 + b"x", b"A ." + b"1" * 200_000 + b"x", b"A 1." + b"1" * 200_000 + b"_", b"A 'a" * 50_000],
)
def test_a_long_value_that_is_none_is_looked_at_once(message):
    """Tried over and over it took an hour, and a number holds all other clients up meanwhile."""
    with pytest.raises(ScpiError):
        list(units(message))


def test_long_and_short_forms():
    assert spellings("SYSTem:ERRor[:NEXT]?") == {
        f"{a}:{b}{c}?" for a in ("SYST", "SYSTEM") for b in ("ERR", "ERROR") for c in ("", ":NEXT")
    }


def test_any_bytes_end_in_messages_or_errors():
    rng = np.random.default_rng(0)
    pieces = [
        b"#",
        b"1",
        b"9",
        b'"',
        b"'",
        b"\n",
        b";",
        b",",
        b":",
        b"*",
        b"A",
        b"?",
        b" ",
        b"\x00",
        b"\xff",
        b"-",
        b".",
    ]
    for _ in range(3000):
        stream = b"".join(rng.choice(pieces, rng.integers(1, 30))) + b"\n"
        for message in _messages(stream, 1000)[0]:
            try:
                list(units(message))
            except ScpiError:
                pass
