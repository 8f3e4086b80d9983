"""Leader election against a queue of processes, and against its closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import election as twin

from kscale.kernels import election as kernel
from kscale.scenario import draw
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]
S = 1_000_000_000


def rules(
    retry: int = 2 * S,
    jitter: int = 1_200_000,
    lease: int = 15 * S,
    request: int = 0,
    renew: int = 1,
    release: int = 1,
) -> Longs:
    """The rules of client-go; a renewal and a release take so many requests."""
    return np.array([retry, jitter, lease, request, renew * request, release * request], dtype=np.int64)


def take_over(
    by: Longs, trials: int, *, standbys: int = 1, release: bool = False, seed: int = 1
) -> tuple[Longs, Longs, Longs]:
    """When each leader ended, last renewed, and was followed."""
    ended, renewed, taken = (np.zeros(trials, dtype=np.int64) for _ in range(3))
    draws = draw.generators(seed, Stream.STANDBY, 0, trials)
    kernel.take_over(int(release), standbys, draws, by, ended, renewed, taken)
    return ended, renewed, taken


@pytest.mark.tiny
@settings(max_examples=40, deadline=None)
@given(
    standbys=st.integers(1, 4),
    release=st.booleans(),
    seed=st.integers(0, 99),
    retry=st.integers(S // 2, 5 * S),
    jitter=st.sampled_from([0, 1_200_000, 3_000_000]),
    lease=st.integers(1, 20 * S),
    request=st.sampled_from([0, 1, 5_000_000, S, 4 * S]),
    requests=st.sampled_from([(1, 1), (2, 1), (1, 2)]),
)
def test_every_trial_is_the_twins(
    standbys: int,
    release: bool,
    seed: int,
    retry: int,
    jitter: int,
    lease: int,
    request: int,
    requests: tuple[int, int],
) -> None:
    """Ends, renewals and takeovers, with conflicts of several candidates and slow requests."""
    by = rules(retry, jitter, lease, request, *requests)
    found = take_over(by, 5, standbys=standbys, release=release, seed=seed)
    slow = twin.simulate(draw.generators(seed, Stream.STANDBY, 0, 5), by, standbys, release=release)
    assert np.transpose(found).tolist() == [list(trial[:3]) for trial in slow]


@pytest.mark.tiny
@pytest.mark.parametrize("request_ns", [0, 5_000_000, 2 * S])
def test_a_leader_gives_up_a_pause_and_its_deadline_after_its_last_renewal(request_ns: int) -> None:
    """The deadline runs from the beginning of a renewal, and that is begun 2 s after the one before."""
    by = rules(request=request_ns, renew=2)
    slow = twin.simulate(draw.generators(1, Stream.STANDBY, 0, 50), by, 1, release=False, deadline=10 * S)
    assert {given_up - renewed for _, renewed, _, given_up in slow} == {12 * S}


@pytest.mark.tiny
@pytest.mark.parametrize(("request_ns", "renew"), [(0, 1), (S, 1), (S, 2), (4 * S, 2)])
def test_renewals_are_a_pause_and_their_requests_apart(request_ns: int, renew: int) -> None:
    """The last of them is up to that before the end, in any phase, and at a whole number of them."""
    by = rules(request=request_ns, renew=renew)
    ended, renewed, _ = take_over(by, 400)
    apart = 2 * S + renew * request_ns
    assert ((renewed - renew * request_ns) % apart == 0).all()
    assert ((ended - renewed >= 0) & (ended - renewed < apart)).all()
    assert (ended - renewed).max() > apart * 9 // 10


@pytest.mark.tiny
def test_a_read_that_begins_before_the_lease_is_over_does_not_take_it() -> None:
    """client-go takes the time before it reads: 15 s from the end of one read to the begin of another."""
    _, renewed, taken = take_over(rules(jitter=0, request=S), 300)
    # seen at once or a gap of 3 s later; begun 15 s after that, in gaps of 3 s; read and taken, 2 s
    assert (taken - renewed >= 17 * S).all()
    assert (taken - renewed <= 23 * S).all()


@pytest.mark.parametrize(
    ("release", "standbys", "mean", "p95"),
    [(False, 1, 17.4, 20.1), (False, 2, 16.5, 18.7), (True, 1, 1.7, 3.5), (True, 2, 1.1, 2.55)],
)
def test_means_of_the_rule(release: bool, standbys: int, mean: float, p95: float) -> None:
    """The Monte Carlo of the same rule that others wrote: means and tails."""
    ended, _, taken = take_over(rules(), 50_000, standbys=standbys, release=release)
    waited = (taken - ended) / S
    assert waited.mean() == pytest.approx(mean, rel=0.03)
    assert np.quantile(waited, 0.95) == pytest.approx(p95, rel=0.03)


@pytest.mark.tiny
def test_polls_without_jitter_are_a_closed_form() -> None:
    """Polls every 2 s in any phase: found within a gap if released, else the lease and up to two gaps."""
    ended, renewed, taken = take_over(rules(jitter=0), 300, release=True)
    assert ((taken - ended >= 0) & (taken - ended <= 2 * S)).all()
    ended, renewed, taken = take_over(rules(jitter=0), 300)
    assert ((taken - renewed >= 15 * S) & (taken - renewed <= 19 * S)).all()
    assert ((ended - renewed >= 0) & (ended - renewed < 2 * S)).all()


@pytest.mark.tiny
def test_more_standbys_are_quicker() -> None:
    """The first of several to poll takes over."""
    means = []
    for standbys in (1, 2, 5):
        ended, _, taken = take_over(rules(), 300, standbys=standbys, release=True)
        means.append((taken - ended).mean())
    assert means[0] > means[1] > means[2]
