"""`labwright bands`: proposals that cover the runs, remarks on the bands that stand, and the command."""

import math

import yaml
from hypothesis import given
from hypothesis import strategies as st

from labwright import bands
from labwright.bands import Row
from labwright.contract import Band

NUMBERS = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-15)
VALUES = st.lists(NUMBERS, min_size=2, max_size=20).map(tuple)
OPEN = st.sampled_from([None, Band(min=0), Band(max=0), Band(min=-1, max=1)])


@given(VALUES, OPEN)
def test_a_proposal_covers_every_run_and_leaves_open_what_is_open(values, band):
    made = Row("loss", values, band).proposed()
    assert all(map(made.holds, values))
    assert (made.min is None) == (band is not None and band.min is None)
    assert (made.max is None) == (band is not None and band.max is None)


@given(VALUES)
def test_a_proposal_reaches_half_a_spread_beyond_the_runs_and_not_across_zero(values):
    low, high, made = min(values), max(values), Row("loss", values, None).proposed()
    margin = (high - low) / 2
    if margin:
        below, above = (max(low - margin, 0) if low >= 0 else low - margin), (min(high + margin, 0) if high <= 0 else high + margin)
        assert math.isclose(made.min, below, abs_tol=margin / 9, rel_tol=1e-9)
        assert math.isclose(made.max, above, abs_tol=margin / 9, rel_tol=1e-9)


@given(VALUES, OPEN)
def test_the_yaml_reads_back_as_the_proposed_band(values, band):
    row = Row("loss", values, band)
    text = bands.yaml([row])
    assert Band(**yaml.safe_load(text)["loss"]) == row.proposed()


def test_what_is_the_same_for_every_seed_gets_its_own_value():
    count, ratio = Row("parameters", (124439808.0,) * 3, None), Row("ratio", (19.2,) * 3, None)
    assert count.proposed() == Band(min=124439808, max=124439808)
    assert Row("corners", (0.75,) * 3, Band(min=0.75, max=0.75)).proposed() == Band(min=0.75, max=0.75)
    assert ratio.proposed().min < 19.2 < ratio.proposed().max < 19.25
    assert count.remarks() == ["not in lab.yml", "the same for every seed"]


def test_bands_that_a_run_missed_or_comes_nowhere_near_are_named():
    values = (1.0, 1.1, 1.2)
    assert Row("loss", values, Band(min=0.9, max=1.3)).remarks() == []
    assert Row("loss", values, Band(min=1.05)).remarks() == ["missed by 1 of 3"]
    assert Row("loss", values, Band(min=-0.1, max=1.3)).remarks() == ["min is more than 5 spreads below every run"]
    assert Row("loss", values, Band(max=2.3)).remarks() == ["max is more than 5 spreads above every run"]


def test_nothing_is_proposed_from_what_is_no_number():
    row = Row("loss", (1.0, math.nan), Band(max=2))
    assert row.proposed() is None and row.remarks() == ["missed by 1 of 2", "not always a finite number"]
    assert bands.yaml([row]) == ""


NOISY = """\
noise = float(np.random.random())
record("noise", noise)
record("drawn", sum(lab.seeds(2)))
claim("seed 2 fails", lab.seed != 2)
record("late", 1)
record("""


def test_the_command_runs_every_seed_and_touches_nothing(checkout):
    checkout.edit("lab.py", "record(", NOISY)
    checkout.edit("lab.yml", "    metrics:\n", "    metrics:\n      noise: {min: 0.6}\n      drawn: {min: 0, max: 1000}\n")
    before = sorted(path for path in checkout.path.rglob("*") if "__pycache__" not in path.parts)
    done = checkout("labwright", "bands", "demo", "--seeds", "3")
    assert done.returncode == 0, done.stderr
    assert sorted(path for path in checkout.path.rglob("*") if "__pycache__" not in path.parts) == before
    assert "seed 2 failed: lab.py, line" in done.stdout and "The claim does not hold: seed 2 fails" in done.stdout
    found = yaml.safe_load(done.stdout.partition("To paste:")[2])
    assert list(found) == ["noise", "drawn", "largest_square", "late"]  # the order of lab.yml, new ones last
    assert list(found["noise"]) == ["min"] and found["largest_square"] == {"min": 9, "max": 9}
    assert found["drawn"] == {"min": 0, "max": 13}  # 0+1, 2+3, 4+5, and half of 9-1 on each side
    noise = next(line for line in done.stdout.splitlines() if line.startswith("│ noise"))
    assert "missed by" in noise and "[0.6, ∞]" in noise


def test_a_lab_that_ignores_its_seed_and_one_that_never_ends_well_are_told(checkout):
    assert "No metric depends on the seed" in checkout("labwright", "bands", "demo", "--seeds", "2").stdout
    checkout.edit("lab.py", "record(", "1 / 0\nrecord(")
    done = checkout("labwright", "bands", "demo", "--seeds", "2")
    assert done.returncode == 2 and "nothing to propose" in done.stderr and "raised ZeroDivisionError" in done.stdout
