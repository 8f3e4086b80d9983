"""The mechanism watch-encode: its load, its promise, and where encoding once loses."""

from dataclasses import replace

import numpy as np
import pytest

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import encoding
from kscale.mechanisms import encode_load, watch_encode
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.encode_load import EncodeLoad, Params
from kscale.mechanisms.watch_encode import ALWAYS
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = watch_encode.MECHANISM.variants
SMALL = Params(events=30, watchers=10, json_share=0.3, object_bytes=600)


def cluster(profile: str = "k8s-1.14", seed: int = 3) -> Cluster:
    """Return a small cluster."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": seed,
                "cluster": {
                    "nodes": {"count": 10},
                    "pods": {"count": 100, "apps": 10, "namespaces": 5},
                    "objects": {"total": 1000},
                },
                "control_plane": {"controllers": 5},
            }
        )
    )


def run(load: EncodeLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*, after they were seen to agree."""
    outcomes = {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}
    watch_encode.agree(load, outcomes)
    return outcomes


def works_of(params: Params, profile: str = "k8s-1.14") -> dict[str, Work]:
    """Return the work of every variant."""
    load = encode_load.make(cluster(profile), params)
    return {name: outcome.work for name, outcome in run(load).items()}


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_watchers_get_the_same_bytes(profile: str) -> None:
    """However they were made, some events resumed; a seed fixes every counter, another changes the bytes."""
    params = Params(events=6, watchers=4, json_share=0.5, versions=2, object_bytes=400, init_share=0.4)
    load = encode_load.make(cluster(profile), params)
    outcomes = run(load)
    again = run(encode_load.make(cluster(profile), params))
    assert {name: o.work for name, o in outcomes.items()} == {name: o.work for name, o in again.items()}
    other = run(encode_load.make(cluster(profile, seed=4), params))
    assert (outcomes[BASELINE].answer != other[BASELINE].answer).any()


@pytest.mark.tiny
def test_once_per_event_and_encoding() -> None:
    """Counters follow from events, watchers and encodings."""
    works = works_of(replace(SMALL, events=4))
    before, after = works[BASELINE], works[OPTIMIZED]
    assert (before["deliveries"], before["formats"]) == (40, 2)
    assert (before["encodings"], after["encodings"]) == (40, 8)
    assert (before["lookups"], after["lookups"]) == (0, 40)
    assert (before["deep_copies"], after["deep_copies"]) == (40, 12)  # the wrapper's beside one an encoding
    assert (before["wrapped"], after["wrapped"]) == (0, 4)
    assert before["copied_bytes"] == before["encoded_bytes"]
    assert after["copied_bytes"] == 2 * before["copied_bytes"]
    assert before["sent_bytes"] == after["sent_bytes"] > before["encoded_bytes"]
    assert (before["held_bytes"], after["held_bytes"]) == (0, after["encoded_bytes"])
    assert works[ALWAYS] == after
    assert {metric.name for metric in watch_encode.METRICS} == after.keys()


@pytest.mark.tiny
def test_cpu_follows_from_bytes_and_coefficients() -> None:
    """Deep copies, both formats, moved bytes and look-ups, each at its price."""
    load = encode_load.make(cluster(), replace(SMALL, events=1))
    costs = load.cluster.costs
    copy = costs["watch_encode_cpu_ps_per_byte"] * costs["watch_copy_share_ppm"] // 10**6
    protobuf = costs["watch_encode_cpu_ps_per_byte"] - copy
    json = protobuf * costs["watch_encode_json_ppm"] // 10**6
    size = int(load.sizes[0])
    for work in (outcome.work for outcome in run(load).values()):
        priced = (
            work["deep_copies"] * (size * copy // 1000)
            + (work["encoded_bytes"] - work["json_bytes"]) * protobuf // 1000
            + work["json_bytes"] * json // 1000
            + work["copied_bytes"] * costs["watch_copy_bytes_ps_per_byte"] // 1000
            + work["lookups"] * costs["watch_encode_lookup_ns"]
        )
        assert work["cpu_ns"] == priced
        json_encodings = 1 if work["wrapped"] else 3
        alone = work["json_bytes"] * json // 1000 // json_encodings + size * copy // 1000 * (
            1 + work["wrapped"]
        )
        assert work["busy_ns"] == max(priced // 64, alone)


@pytest.mark.tiny
def test_one_core_is_busy_with_all_of_it() -> None:
    """The time an event keeps the server busy is its CPU if there is one core to do it."""
    work = works_of(replace(SMALL, events=1, cores=1))[BASELINE]
    assert work["busy_ns"] == work["cpu_ns"]


def test_one_watcher_loses_by_the_wrapper() -> None:
    """Nothing is shared: wrapping copies objects and bytes once more; the threshold leaves it."""
    works = works_of(replace(SMALL, watchers=1))
    assert works[OPTIMIZED] == works[BASELINE]
    always, before = works[ALWAYS], works[BASELINE]
    assert always["encodings"] == before["encodings"] == 30
    assert always["deep_copies"] == 2 * before["deep_copies"]
    assert always["copied_bytes"] == 2 * before["copied_bytes"]
    assert always["cpu_ns"] > before["cpu_ns"]
    assert always["held_bytes"] > 0
    (said,) = watch_encode.losses(works)
    assert said.startswith("1 watcher an event, too few to wrap it")
    assert "wrapping would take 1." in said


@pytest.mark.tiny
@pytest.mark.parametrize("watchers", [1, 2])
def test_the_threshold_is_named_without_the_third_variant(watchers: int) -> None:
    """What wrapping would have cost is said only where it was counted."""
    works = dict(works_of(Params(events=3, watchers=watchers, json_share=0.0, object_bytes=300)))
    del works[ALWAYS]
    said = f"{watchers} watcher{'s' * (watchers == 2)} an event, too few to wrap it: encoded for each"
    assert watch_encode.losses(works) == (said,)


@pytest.mark.tiny
def test_encodings_that_are_left_have_their_reason() -> None:
    """One encoding that all ask for is no reason, events on resuming are."""
    works = works_of(Params(events=4, watchers=4, json_share=0.0, object_bytes=300, init_share=0.75))
    assert watch_encode.losses(works) == (
        "13 of 16 encodings are left",
        "75 % of the deliveries are events sent on resuming, which are never shared",
    )


def test_two_watchers_are_below_the_threshold() -> None:
    """Wrapping would save an encoding, and nothing is left of that: the price of the rule."""
    works = works_of(replace(SMALL, watchers=2, json_share=0.0))
    assert works[OPTIMIZED] == works[BASELINE]
    assert works[ALWAYS]["encodings"] * 2 == works[BASELINE]["encodings"]
    assert any("which the threshold gives up" in said for said in watch_encode.losses(works))
    differing = works_of(replace(SMALL, watchers=2, json_share=0.5))
    assert differing[ALWAYS]["cpu_ns"] > differing[BASELINE]["cpu_ns"]


@pytest.mark.parametrize("watchers", [3, 10, 100])
def test_the_gain_grows_with_the_watchers(watchers: int) -> None:
    """From three on the encodings left are those of one watcher."""
    works = works_of(replace(SMALL, watchers=watchers, json_share=0.0))
    assert works[BASELINE]["encodings"] == watchers * works[OPTIMIZED]["encodings"]
    assert works[OPTIMIZED]["cpu_ns"] < works[BASELINE]["cpu_ns"]
    assert watch_encode.losses(works) == ()


def test_another_encoding_for_everyone_loses() -> None:
    """Each is made, copied once more and held."""
    works = works_of(replace(SMALL, json_share=0.0, versions=10))
    before, after = works[BASELINE], works[OPTIMIZED]
    assert after["formats"] == 10
    assert after["encoded_bytes"] == before["encoded_bytes"]
    assert after["cpu_ns"] > before["cpu_ns"]
    assert any("300 of 300 encodings are left" in said for said in watch_encode.losses(works))


def test_resumed_events_are_not_shared() -> None:
    """What is sent on resuming is encoded for each watcher, by every variant."""
    half, all_of_it = (works_of(replace(SMALL, init_share=share)) for share in (0.5, 1.0))
    assert half[OPTIMIZED]["encodings"] == 15 * 10 + 15 * 2
    assert half[OPTIMIZED]["init_deliveries"] == 150
    assert all_of_it[OPTIMIZED] == all_of_it[ALWAYS] == all_of_it[BASELINE]
    assert any("50 % of the deliveries" in said for said in watch_encode.losses(half))


def test_encodings_are_held_for_the_slowest() -> None:
    """What is held grows with the events it is behind, in every encoding, and not at all without sharing."""
    held = {lag: works_of(replace(SMALL, lag=lag)) for lag in (0, 4, 29, 100)}
    assert all(works[BASELINE]["held_bytes"] == 0 for works in held.values())
    one, five, most, more = (works[OPTIMIZED]["held_bytes"] for works in held.values())
    assert one < five <= 5 * one
    assert most == more == held[29][OPTIMIZED]["encoded_bytes"]
    large = works_of(Params(events=12, watchers=3, json_share=0.0, object_bytes=200_000))
    assert any("held until the slowest watcher" in said for said in watch_encode.losses(large))


def test_profiles_change_what_is_kept_and_copied() -> None:
    """From 1.24 only a deleted object is copied for its wrapper; from 1.29 the frame is kept."""
    by_profile = {name: works_of(SMALL, name) for name in profiles.PROFILES}
    assert by_profile["k8s-1.14"] == by_profile["k8s-1.20"]  # optimized is the change of 1.17 under both
    old, new = by_profile["k8s-1.20"][OPTIMIZED], by_profile["k8s-1.36"][OPTIMIZED]
    load = encode_load.make(cluster("k8s-1.36"), SMALL)
    deleted = int((load.kinds == encoding.DELETED).sum())
    assert 0 < deleted < 30
    assert (old["deep_copies"], new["deep_copies"]) == (60 + 30, 60 + deleted)
    assert new["copied_bytes"] < old["copied_bytes"]
    assert new["held_bytes"] > old["held_bytes"]
    assert new["encoded_bytes"] == old["encoded_bytes"]


@pytest.mark.tiny
def test_other_bytes_are_caught() -> None:
    """A watcher that got other bytes than its like is named, with what it got."""
    load = encode_load.make(cluster(), replace(SMALL, events=3))
    outcomes = run(load)
    odd = outcomes[OPTIMIZED].answer.copy()
    odd[encoding.DIGEST, 4] += 1
    with pytest.raises(
        WrongAnswer, match=r"watch-encode: optimized gives watcher 4 \(.*\) frames in the order"
    ):
        watch_encode.agree(load, outcomes | {OPTIMIZED: Outcome(outcomes[OPTIMIZED].work, odd)})


@pytest.mark.tiny
def test_wrong_alike_is_caught() -> None:
    """All variants that lose the same event are caught by the number of events there are."""
    load = encode_load.make(cluster(), replace(SMALL, events=3))
    outcomes = run(load)
    fewer = outcomes[BASELINE].answer.copy()
    fewer[encoding.FRAMES] -= 1
    with pytest.raises(WrongAnswer, match=r"watcher 0 .* 2 frames, the events: 3 frames"):
        watch_encode.agree(load, {name: Outcome(o.work, fewer) for name, o in outcomes.items()})


@pytest.mark.tiny
def test_a_stale_encoding_is_caught() -> None:
    """A server that keeps an encoding for the next event gives its bytes away."""
    load = encode_load.make(cluster(), replace(SMALL, events=3))
    outcomes = run(load)
    stale = replace(load, objects=load.objects[[0, 0, 2]])
    broken = VARIANTS[OPTIMIZED].run(VARIANTS[OPTIMIZED].build(stale))
    with pytest.raises(WrongAnswer, match="of 10 watchers differ"):
        watch_encode.agree(load, outcomes | {OPTIMIZED: broken})


def test_the_load_is_what_the_parameters_say() -> None:
    """Sizes of the stored pods or the one asked for, shares of formats, versions and kinds of events."""
    small = cluster()
    load = encode_load.make(small, Params(events=500))
    assert load.watchers == 5 + 1
    stored = small.objects.size[small.objects.type_of == small.objects.types.index("pods")]
    assert abs(load.sizes.mean() / stored.mean() - 1) < 0.1
    assert np.bincount(load.kinds, minlength=3).argmax() == encoding.MODIFIED
    sized = encode_load.make(small, Params(events=5, object_bytes=50_000, watchers=200, versions=3))
    assert (abs(sized.sizes - 50_000) < 50).all()
    forms = sized.encodings[sized.wanted, encoding.FORMAT]
    assert np.count_nonzero(forms == encoding.JSON) == 20
    assert len(sized.encodings) == 6
    tiny = encode_load.make(small, Params(events=5, object_bytes=1))
    assert (tiny.sizes < 300).all()


@pytest.mark.tiny
def test_nothing_to_encode() -> None:
    """No events, or nobody to send them to, is done and said without dividing by it."""
    for params in (Params(events=0), Params(events=3, watchers=0, object_bytes=100)):
        works = works_of(params)
        assert works[OPTIMIZED]["encodings"] == 0
        assert watch_encode.losses(works) == ()


@pytest.mark.tiny
def test_without_pods_a_size_is_asked_for() -> None:
    """A cluster that stores no pods gives no sizes."""
    small = cluster()
    types = tuple("x" if name == "pods" else name for name in small.objects.types)
    bare = replace(small, objects=replace(small.objects, types=types))
    with pytest.raises(KscaleError, match="set object_bytes"):
        encode_load.make(bare, Params(events=1))
    assert len(encode_load.make(bare, Params(events=2, object_bytes=300)).sizes) == 2


@pytest.mark.tiny
def test_memory_covers_the_arrays() -> None:
    """The bound is above what a load and a server hold."""
    params = Params(events=20, watchers=8, versions=8, object_bytes=20_000)
    load = encode_load.make(cluster(), params)
    server = watch_encode.build_shared(load)
    held = sum(x.nbytes for x in (load.objects, load.labels, load.text, server.raw, server.held, server.out))
    assert encode_load.memory(cluster(), params) > held
