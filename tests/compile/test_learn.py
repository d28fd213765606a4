"""Learning a ratio: it finds the factor and what was sent beside, and is not bent by odd reports."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tract.compile import REPORTS_MIN, Report, fit


def reports(ratio, beside, sizes, noise=0.0, seed=1):
    rng = random.Random(seed)
    return [
        Report(size, round((size * ratio + beside) * (1 + rng.uniform(-noise, noise))))
        for size in sizes
    ]


def fitted(given):
    found = fit(given)
    assert found is not None
    return found


SIZES = range(1_000, 40_000, 1_500)


@given(st.floats(0.5, 3.0), st.integers(0, 20_000))
def test_it_finds_the_ratio_and_what_was_sent_beside(ratio, beside):
    found = fitted(reports(ratio, beside, SIZES))
    assert found.ratio == pytest.approx(ratio, rel=0.01)
    assert found.beside == pytest.approx(beside, abs=50)
    assert found.error <= 0.02


def test_calls_that_sent_something_else_do_not_bend_it():
    odd = [Report(30_000, 2_000), Report(2_000, 90_000)]
    found = fitted([*reports(1.3, 0, SIZES, noise=0.02), *odd])
    assert found.ratio == pytest.approx(1.3, rel=0.03)


def test_its_error_is_what_most_reports_keep_within():
    found = fitted(reports(1.3, 0, SIZES, noise=0.1))
    assert 0.03 < found.error < 0.12


def test_contexts_of_one_size_give_a_plain_ratio():
    found = fitted(reports(1.2, 0, [5_000, 5_001, 5_002, 5_003, 5_004, 5_005]))
    assert found.ratio == pytest.approx(1.2, rel=0.01)
    assert found.beside == 0


@pytest.mark.parametrize(
    "few",
    [
        [],
        reports(1.3, 0, [1_000] * (REPORTS_MIN - 1)),
        [Report(0, 500)] * 20,
        [Report(500, 0)] * 20,
        [Report(1_000, 100_000)] * 20,
        [Report(100_000, 10)] * 20,
    ],
)
def test_nothing_is_learned_from_too_little_or_from_nonsense(few):
    assert fit(few) is None


def test_the_error_is_that_of_the_context_and_not_of_what_was_sent_beside_it():
    rng = random.Random(1)
    noisy = [
        Report(x, round(x * 1.2) + 20_000 + rng.randint(-300, 300)) for x in range(100, 1_200, 50)
    ]
    assert fit(noisy) is None  # it is lost in the noise, and the usual ratio is better


def test_reports_that_disagree_teach_nothing():
    cut = [Report(size, 7) for size in SIZES]
    assert fit([*reports(1.3, 0, SIZES), *cut[: len(cut) // 2]]) is None


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=40))
def test_whatever_is_reported_it_gives_a_ratio_in_bounds_or_none(pairs):
    found = fit([Report(*pair) for pair in pairs])
    assert found is None or (
        0.4 <= found.ratio <= 4.0 and found.error >= 0.01 and found.beside >= 0
    )


def test_nothing_less_than_nothing_was_sent_beside_a_context():
    found = fitted([Report(x, 2 * x - 200) for x in range(20_000, 40_000, 1_000)])
    assert found.beside == 0
    assert found.ratio == pytest.approx(2.0, rel=0.01)
    assert found.ratio < 2.0  # a plain ratio, not the line's
