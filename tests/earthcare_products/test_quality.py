"""The table of flags against the variables of every product that can be written."""

import json
from importlib.resources import files

import pytest

from earthcare_products.products import PRODUCTS
from earthcare_products.quality import flag_of, flags
from earthcare_synthetic.products.table import FILE_TYPES, TABLES, read_table

#: What no flag of a retrieval judges: places, times, the ground, and the flags themselves.
NEVER = (
    "time",
    "latitude",
    "longitude",
    "height",
    "elevation",
    "surface_elevation",
    "geoid_offset",
    "land_flag",
    "tropopause_height",
    "simple_classification",
    "cloud_fraction",
    "surface_classification",
    "quality_status",
)
WRITTEN = sorted(FILE_TYPES)


def variables(file_type):
    """Return each variable of a product with its dimensions."""
    names = sorted(path.stem for path in TABLES.glob(f"{file_type}*.jsonl"))
    return {line.name: line.dimensions for name in names for line in read_table(name)}


@pytest.mark.parametrize("file_type", WRITTEN)
def test_flags_and_what_they_judge_are_in_the_files(file_type):
    known = variables(file_type)
    for flag in flags(file_type):
        assert flag.name in known
        for pattern in flag.judges:
            judged = [name for name in known if flag_of(file_type, name) == flag]
            assert "*" in pattern or pattern in judged, f"{pattern} is not in {file_type}"
            for name in judged:
                assert set(known[flag.name]) <= set(known[name]), f"{flag.name} does not fit {name}"


@pytest.mark.parametrize("file_type", WRITTEN)
def test_no_flag_judges_what_is_no_retrieval(file_type):
    known = variables(file_type)
    flag_names = [flag.name for flag in flags(file_type)]
    judged = [name for name in known if flag_of(file_type, name)]
    assert not set(judged) & {*NEVER, *flag_names}
    assert not [name for name in judged if name.endswith(("_count", "_flag", "_status"))]


@pytest.mark.parametrize("file_type", WRITTEN)
def test_every_variable_is_judged_by_one_flag_at_most(file_type):
    claimed = [name for flag in flags(file_type) for name in flag.judges if "*" not in name]
    assert len(claimed) == len(set(claimed))


def test_each_line_says_what_its_values_mean_and_how_that_is_known():
    lines = (files("earthcare_products") / "data" / "quality.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["file_type"] for line in lines]
    assert set(kinds) <= set(PRODUCTS)
    for flag in (flag for kind in sorted(set(kinds)) for flag in flags(kind)):
        assert set(flag.keep) <= set(flag.meanings), flag.name
        assert flag.keep
        assert flag.source.startswith(("observed", "documented", "inferred")), flag.name


def test_a_flag_in_the_file_that_the_table_lacks_is_noticed():
    """All flags that are called quality, but for those of which nobody says what they judge."""
    unused = {
        ("MSI_CM__2A", "quality_status"),  # each class has a flag of its own
        ("MSI_RGR_1C", "line_quality_status"),  # its definition is empty in real files
        ("BM__RAD_2B", "quality_status"),  # each radiance has a flag of its own
        ("BMA_FLX_2B", "quality_status"),  # so has each flux
        ("CPR_CLD_2A", "doppler_velocity_quality_status"),  # of what was measured, not retrieved
    }
    found = {
        (kind, name)
        for kind in WRITTEN
        for name in variables(kind)
        if "quality" in name and name.endswith("status") and "extended" not in name
    }
    assert found - unused == {(kind, flag.name) for kind in WRITTEN for flag in flags(kind)} & found
