"""Every lab of the book: its last run kept its contract, its learner's copy is fresh, and its checks are proven."""

import pytest

from labwright import contract, prove, results, run, source
from scratchlab.labs import known_labs

LABS = known_labs()


@pytest.mark.parametrize("slug", LABS)
def test_the_reference_keeps_the_contract(slug):
    assert run.is_fresh(slug, "cpu"), f"not run since it changed: labwright run {slug}"
    assert results.problems(results.read(results.path_of(slug, "cpu"))) == []


@pytest.mark.parametrize("slug", LABS)
def test_the_learners_copy_is_fresh_and_the_source_is_clean(slug):
    assert source.lint(slug) == [] and not source.is_stale(slug)


@pytest.mark.parametrize("slug", LABS)
def test_the_checks_are_proven(slug):
    """The whole gate if the lab has changed since it was last proven; else a look at whether the gate still holds."""
    record = prove.recorded(slug)
    proof = prove.proven(slug, prove.LOOK if record else prove.Amount())
    assert proof.problems == []
    counted = record or proof
    assert counted.right >= 3 and counted.mutants > 10, "two other right answers, and solutions long enough to mutate"


@pytest.mark.parametrize("slug", LABS)
def test_recorded_runs_keep_the_contract(slug):
    for profile in contract.read(slug).profiles:
        recorded = results.read(results.RESULTS / profile / f"{slug}.json")
        if recorded is not None:
            assert results.problems(recorded) == []
