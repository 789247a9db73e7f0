"""A client's session: IEEE 488.2 and SCPI-99 status, the chip's commands, and what is refused."""

import re
from dataclasses import dataclass, field

import numpy as np
import pytest

from mho.chip import Chip, Ledger
from mho.instrument import COMMANDS, Board, Device, Session, SimulatedBoard
from mho.instrument.data_format import as_block

BINARY = "FORM REAL,64;:FORM:BORD SWAP"


def _block(values, dtype="<f8"):
    return as_block(np.asarray(values, dtype).tobytes())


def _program(array, A):
    return b"ARR:PROG %d,%d,%d,%b" % (array, *A.shape, _block(A))


def _numbers(answer):
    return np.array(answer.split(","), float)


def test_a_problem_in_text_is_the_chip_s_own_answer(ask, problem):
    A, B = problem
    text = ",".join(map(repr, A.ravel().tolist()))
    assert ask(f"ARR:PROG 2,16,4,{text}") == ""
    answer = _numbers(ask("MEAS? 2,6," + ",".join(map(repr, B.T.ravel().tolist()))))
    assert ask("SYST:ERR?") == '0,"No error"'
    np.testing.assert_array_equal(answer.reshape(6, 4).T, Chip("pku-2025", seed=3).program(A).solve(B))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["NORM", "SWAP"])
def test_blocks_of_either_length_and_order(session, ask, problem, bits, order):
    A, B = (part.astype(f"f{bits // 8}").astype(float) for part in problem)
    dtype = ("<" if order == "SWAP" else ">") + f"f{bits // 8}"
    ask(f"FORM REAL,{bits};:FORM:BORD {order}")
    ask(b"ARR:PROG 1,16,4," + _block(A, dtype))
    (raw,) = session.receive(b"MEAS? 1,6," + _block(B.T, dtype) + b"\n")
    digits = raw[1] - ord("0")
    values = np.frombuffer(raw[2 + digits : -1], dtype)
    expected = Chip("pku-2025", seed=3).program(A).solve(B)
    np.testing.assert_allclose(values.reshape(6, 4).T, expected, rtol=1e-6 if bits == 32 else 0)


def test_a_row_that_is_not_known_is_switched_off(ask, problem):
    A, B = problem
    B[[1, 7], 0] = np.nan
    ask(BINARY), ask(_program(1, A)), ask("FORM ASC")
    expected = Chip("pku-2025", seed=3).program(A).solve(B, missing="nan")
    for nan in (np.nan, 9.91e37):
        given = np.where(np.isnan(B), nan, B)
        np.testing.assert_array_equal(_numbers(ask(b"MEAS? 1,6," + _block(given.T))).reshape(6, 4).T, expected)


def test_source_initiate_fetch(ask, problem):
    A, B = problem
    ask(BINARY), ask(_program(1, A)), ask("FORM ASC")
    currents = np.full((4, 6), -0.3)
    assert ask(b"SOUR 1,6," + _block(B.T) + b";:SOUR:CURR " + _block(currents.T) + b";:INIT") == ""
    expected = Chip("pku-2025", seed=3).program(A).solve(B, currents=currents)
    np.testing.assert_array_equal(_numbers(ask("FETC?")).reshape(6, 4).T, expected)
    np.testing.assert_array_equal(_numbers(ask("READ?")).reshape(6, 4).T, expected)
    assert ask("SYST:ERR:COUN?") == "0"


def test_conductances_and_events_are_the_chip_s(ask, problem):
    A, _ = problem
    ask(BINARY), ask(_program(1, A)), ask("FORM ASC")
    chip = Chip("pku-2025", seed=3)
    np.testing.assert_array_equal(_numbers(ask("ARR:COND? 1")).reshape(16, 4), chip.program(A).conductances.left)
    items = ask("CHIP:LEDG?").split(",")
    assert float(items[items.index('"pulses"') + 1]) == chip.ledger.pulses > 0


def test_reset_makes_the_same_chip_again(ask, problem):
    A, B = problem
    ask(BINARY)
    ask(_program(1, A))
    first = ask(b"MEAS? 1,6," + _block(B.T))
    ask(_program(1, A))
    assert ask(b"MEAS? 1,6," + _block(B.T)) != first
    assert ask("*RST;:ARR:SIZE? 1;:FORM?") == "0,0;ASC,64"
    ask(BINARY), ask(_program(1, A))
    assert ask(b"MEAS? 1,6," + _block(B.T)) == first


def test_path_of_a_compound_message(ask):
    version = SimulatedBoard().identity[3]
    answers = f'0;0,"No error";1999.0;mho,pku-2025,3,{version};"NONE"'
    assert ask("SYST:ERR:COUN?;NEXT?;:SYST:VERS?;*IDN?;LOCK:OWN?") == answers
    assert ask("syst:err:coun?;vers?;:SYST:ERR?") == "0"  # VERS is not below SYST:ERR, and the rest is dropped
    assert ask("SYST:ERR?").startswith("-113,")


def test_standard_events_and_the_status_byte(ask):
    assert ask("*ESR?;*ESR?;*STB?") == "128;0;16"
    ask("*ESE 32;*SRE 32;NOTHING")
    assert ask("*STB?") == str(4 + 32 + 64)
    assert ask("*ESR?;*STB?") == "32;20"
    assert ask("*ESE?;*SRE?") == "32;32"
    ask("*SRE 255;*OPC;ARR:SIZE? 99")
    assert ask("*SRE?") == "191"  # bit 6 sums up itself
    assert ask("*ESR?") == str(1 + 16)
    assert ask("*CLS;*STB?;:SYST:ERR:COUN?;*OPC?;*WAI") == "0;0;1"


def test_operation_and_questionable_registers(ask, problem):
    A, B = problem
    ask(BINARY), ask(_program(1, A))
    assert ask("STAT:OPER:COND?;EVEN?;EVEN?") == "0;256;0"
    ask("FORM ASC;:STAT:OPER:ENAB 16;:STAT:QUES:ENAB 1")
    ask(b"MEAS? 1,6," + _block(1e9 * B.T))
    assert ask("*STB?;:STAT:OPER?") == "128;16"
    assert ask("STAT:PRES;:STAT:OPER:ENAB?;:STAT:QUES:ENAB?") == "0;0"


def test_outputs_out_of_range_are_a_questionable_event():
    @dataclass
    class Clipping(SimulatedBoard):
        events: Ledger = field(default_factory=Ledger)

        def __post_init__(self):
            SimulatedBoard.__init__(self, "ideal")

        def solve(self, array, B, currents=None):
            self.events.clipped += 1
            return super().solve(array, B, currents)

        def ledger(self):
            return self.events

    session = Session(Device(Clipping()), "me")
    answers = b"".join(session.receive(b"ARR:PROG 1,1,1,1;:STAT:QUES:ENAB 1;:MEAS? 1,1,1;*STB?;:STAT:QUES?;*STB?\n"))
    assert answers == b"1.0;24;1;16\n"


def test_an_answer_beyond_32_bits_is_no_infinity(ask):
    ask("ARR:PROG 1,1,1,1E-20;:FORM REAL,32;:MEAS? 1,1,1E25")
    assert ask("SYST:ERR?").startswith('-222,"Data out of range;answers must be below 3.4E38')
    assert float(ask("FORM ASC;:FETC?")) > 3.4e38


def test_many_answers_to_one_message_are_dropped_before_memory_ends(ask, monkeypatch):
    ask("ARR:PROG 1,1,1,1;:SOUR 1,100" + ",2" * 100 + ";:INIT;:FORM REAL,64")
    once = ask("FETC?")
    monkeypatch.setattr("mho.instrument.session._MOST_ANSWERS", 3000)
    assert ask("FETC?;FETC?;FETC?") == ";".join(3 * [once])
    assert ask("FETC?;" * 5) == ""
    assert ask("SYST:ERR?;*ESR?").startswith('-430,"Query DEADLOCKED;answers to one message must be at most 3,000')
    monkeypatch.setattr("mho.instrument.session._MOST_ANSWERS", 10)
    assert ask("FETC?;:SYST:ERR:COUN?") == once + ";0"  # one that is large is what was asked for


def test_the_error_queue_ends_with_an_overflow(ask):
    for i in range(40):
        ask(f"NO{i}")
    assert ask("SYST:ERR:COUN?") == "32"
    found = [ask("SYST:ERR?") for _ in range(33)]
    assert found[0].startswith('-113,"Undefined header;there is no command NO0')
    assert found[31:] == ['-350,"Queue overflow"', '0,"No error"']


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("ARR:PROG", "-109,.*array must follow"),
        ("ARR:PROG 1,2,1", "-109,.*values must follow"),
        ("ARR:PROG 1,2,1,1", "-109,.*2 x 1 = 2 values, got 1"),
        ("ARR:PROG 1,2,1,1,2,3", "-223,.*2 x 1 = 2 values, got 3"),
        ("ARR:PROG 0,1,1,1", "-222,.*array must be a whole number of 1 to"),
        ("ARR:PROG 5,1,1,1", "-222,.*array must be 1 to 4, got 5"),
        ("ARR:PROG 1.5,1,1,1", "-222,.*whole number"),
        ("ARR:PROG one,1,1,1", "-104,.*whole number, got a word"),
        ("ARR:PROG 1,1,1,'1'", "-104,.*numbers, or one block"),
        ("ARR:PROG 1,1,1,-1", "-222,.*at least 0"),
        ("ARR:PROG 1,1,1,9.91E37", "-222,.*known"),
        ("ARR:PROG 1,1,129,1", "-222,.*at most 128"),
        ("ARR:PROG 1,1,1,#14abcd", "-161,.*numbers of 8 bytes"),
        ("ARR:PROG 1,1,1,#18abcdefghi", "-161,.*8 bytes must end there, got 'i'"),
        ("MEAS? 1,1,1", "-221,.*array 1 must hold a matrix"),
        ("READ?", "-221,.*SOURce first"),
        ("FETC?", "-230,.*SOURce"),
        ("SOUR:CURR 1", "-221,.*SOURce first"),
        ("FORM INT", "-224,.*ASCii, REAL, got INT"),
        ("FORM REAL,16", "-224,.*32, 64, got 16"),
        ("FORM REAL,64,1", "-108,.*at most 2 parameters, got 3"),
        ("*IDN? 1", "-108,.*at most 0"),
        ("*ESE 256", "-222,.*0 to 255"),
        ("SYST:LOCK:REL", "-221,.*hold the lock"),
        ("IDN?", "-113,.*no command IDN"),
    ],
)
def test_a_command_that_cannot_be_done_is_an_entry_of_the_queue(ask, message, error):
    assert ask(message) == ""
    said = ask("SYST:ERR?")
    assert re.match(error, said), said
    assert len(said) < 280
    assert ask("SYST:ERR?") == '0,"No error"'


def test_a_binary_matrix_with_an_infinite_value_is_refused(ask):
    ask(BINARY)
    ask(_program(1, np.array([[np.inf]])))
    assert ask("SYST:ERR?").startswith('-222,"Data out of range;values must be finite')


def test_a_matrix_of_another_size_leaves_staged_right_hand_sides_behind(ask):
    ask("ARR:PROG 1,2,1,1,1;:SOUR 1,1,2,4;:ARR:PROG 1,3,1,1,1,1")
    assert ask("READ?") == ""
    assert ask("SYST:ERR?").startswith('-221,"Settings conflict;right-hand sides must have 3 values')


def test_a_message_goes_on_after_a_failure_and_not_after_a_word_that_is_none(ask):
    assert ask("MEAS? 1,1,1;*OPC?") == "1"
    assert ask("MEAS? 1,1,@;*OPC?") == ""
    assert ask("SYST:ERR:COUN?") == "2"


def test_a_message_half_sent_is_dropped_when_time_is_up(session, ask):
    assert list(session.receive(b"ARR:PROG 1,2,2,#232abc")) == []
    session.time_out()
    assert ask("SYST:ERR?;*ESR?") == '-365,"Time out error;a message did not end; what had come of it is dropped";136'
    session.time_out()
    assert ask("SYST:ERR:COUN?") == "0"


def test_the_lock_keeps_others_from_the_board_and_ends_with_its_session(device, session, ask):
    other = Session(device, "other")
    assert list(other.receive(b"SYST:LOCK:REQ?\n")) == [b"1\n"]
    assert ask("SYST:LOCK:REQ?;OWN?") == '0;"other"'
    assert ask("*RST;:ARR:COUN?;*IDN?").startswith("mho,")
    assert ask("SYST:ERR?;:SYST:ERR?") == ";".join(['-203,"Command protected;the instrument is locked by other"'] * 2)
    other.close()
    assert ask("SYST:LOCK:REQ?;OWN?;:ARR:COUN?") == '1;"me";4'
    assert ask("SYST:LOCK:REL;OWN?") == '"NONE"'


def test_clients_share_arrays_and_nothing_else(device, session, ask):
    other = Session(device, "other")
    ask("ARR:PROG 1,1,1,2;:SOUR 1,1,4;:FORM REAL;:NOTHING")
    assert list(other.receive(b"ARR:SIZE? 1;:FORM?;:SYST:ERR?\n")) == [b'1,1;ASC,64;0,"No error"\n']
    assert list(other.receive(b"READ?;:SYST:ERR:COUN?\n")) == [b"1\n"]


def test_a_board_s_own_fault_is_an_error_and_not_the_end():
    class Broken(SimulatedBoard):
        def solve(self, array, B, currents=None):
            raise KeyError("a cable")

    session = Session(Device(Broken("ideal")), "me")
    assert list(session.receive(b"ARR:PROG 1,1,1,1;:MEAS? 1,1,1;:SYST:ERR?;:STAT:OPER:COND?\n")) == [
        b"-310,\"System error;KeyError: 'a cable'\";0\n"
    ]


def test_self_test(ask):
    assert ask("*TST?") == "0"
    worn = SimulatedBoard(SimulatedBoard("pku-2025").design.with_(stuck_low=1.0))
    assert list(Session(Device(worn), "me").receive(b"*TST?\n")) == [b"1\n"]


def test_help_lists_every_command(ask):
    listed = ask("SYST:HELP:HEAD?")
    digits = int(listed[1])
    assert listed[2 + digits :].splitlines() == [command.syntax for command in COMMANDS]
    assert len(listed) == 2 + digits + int(listed[2 : 2 + digits])
    assert len({command.header for command in COMMANDS}) == len(COMMANDS) > 40


def test_a_board_is_what_its_class_says():
    with pytest.raises(TypeError, match="abstract"):
        Board()  # pyright: ignore[reportAbstractUsage]
    with pytest.raises(ValueError, match="must solve least squares"):
        SimulatedBoard(SimulatedBoard().design.with_(topology="mvm"))
