"""`mho chip presets` names what can be changed, and what it is measured in."""

import json
import subprocess
import sys

import pytest

from mho.chip import preset, presets


def test_the_table_has_every_property_and_preset(mho):
    code, printed, said = mho("chip", "presets")
    assert (code, said) == (0, "")
    tables = [table.splitlines() for table in printed.split("\n\n")]
    assert [name for header, *_ in tables for name in header.split()[3:]] == list(presets())
    assert max(map(len, printed.splitlines())) <= 100
    values = {row.split()[0]: row.split() for row in tables[0]}
    assert values["bandwidth"][1:3] == ["amplifier", "Hz"]
    assert values["g_max"][1:3] == ["device", "S"]


def test_some_presets_by_name(mho):
    header = mho("chip", "presets", "ideal", "neurram")[1].splitlines()[0]
    assert header.split()[3:] == ["ideal", "neurram"]
    code, _, said = mho("chip", "presets", "neuram")
    assert code == 2
    assert "'neuram'" in said


def test_units_stay_where_docstrings_are_stripped():
    command = [sys.executable, "-OO", "-m", "mho", "chip", "presets", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    units = {name: described["unit"] for name, described in json.loads(done.stdout)["properties"].items()}
    assert {units[name] for name in ("g_max", "window", "flicker_siemens")} == {"S"}
    expected = {"bandwidth": "Hz", "row_ohms": "ohm", "age": "s", "kelvin": "K", "current_limit": "A", "v_in": "V"}
    assert {name: units[name] for name in expected} == expected
    assert units["levels"] == units["sigma"] == units["clamp"] == ""


def test_json_is_json_and_with_takes_its_names(mho):
    code, printed, said = mho("chip", "presets", "--json")
    assert (code, said) == (0, "")
    document = json.loads(printed, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert list(document["presets"]) == list(presets())
    assert document["presets"]["ideal"]["gain"] == "inf"
    design = preset("pku-2025")
    for name, value in document["presets"]["pku-2025"].items():
        if isinstance(value, int | float):
            assert design.with_(**{name: value}) == design
        assert document["properties"][name]["meaning"], name


def test_the_group_says_what_it_has(mho):
    code, printed, _ = mho("chip", "--help")
    assert code == 0
    assert "presets" in printed
    code, _, said = mho("chip", "nothing")
    assert code == 2
    assert "nothing" in said
