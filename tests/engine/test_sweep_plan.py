"""A scenario and its axes become tasks, or one clear line before any work."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from measure_fakes import TINY, loaded, mechanism

from kscale.engine import axes, keys, sweep
from kscale.engine.sweep import Sweep
from kscale.errors import KscaleError
from kscale.measure import parameters
from kscale.measure.timing import Settings
from kscale.scenario import build, load
from kscale.scenario.load import Loaded

FAKES = (mechanism(variants=("third",)), mechanism(mechanism_id="other-search"))
EXACT = Settings(timing=False)
BARE = "schema: kscale.scenario/1\nname: bare\n"


def plan(
    *over: str,
    of: Loaded | None = None,
    seeds: Sequence[int] = (0,),
    settings: Settings = EXACT,
    **more: Any,  # noqa: ANN401 - of plan
) -> Sweep:
    """Return a sweep of the tiny scenario."""
    given = [axes.parse(text, axes.option(text)) for text in over]
    return sweep.plan(of or loaded(), FAKES, given, seeds, settings, **more)


def labels(found: Sweep) -> list[str]:
    """Return its tasks as people say them."""
    return [f"{task.mechanism}: {task.label}" for task in found.tasks]


def test_tasks_come_place_by_place_and_cell_by_cell() -> None:
    """Places are the product of their axes, the seeds of each together; cells that of the mechanism's."""
    found = plan(
        "fake-search.free_pages=1k,2k", "cluster.nodes.count=4,8", "load.pod_changes=1/s,2/s", seeds=(5, 6)
    )
    assert labels(found)[:5] == [
        "fake-search: 1k free pages, 4 nodes, pod changes 1/s, seed 5",
        "fake-search: 2k free pages, 4 nodes, pod changes 1/s, seed 5",
        "fake-search: 1k free pages, 4 nodes, pod changes 1/s, seed 6",
        "fake-search: 2k free pages, 4 nodes, pod changes 1/s, seed 6",
        "fake-search: 1k free pages, 4 nodes, pod changes 2/s, seed 5",
    ]
    assert (len(found.tasks), len(found.places), len(found.cells)) == (16, 8, 2)
    assert found.tasks[0].point == {"cluster.nodes.count": 4, "load.pod_changes": 1.0, "scenario.seed": 5}
    assert found.tasks[0].params["free_pages"] == 1000
    assert found.over == {
        "fake-search.free_pages": (1000, 2000),
        "cluster.nodes.count": (4, 8),
        "load.pod_changes": (1.0, 2.0),
    }
    assert (found.seeds, found.loaded.scenario.seed) == ((5, 6), 5)
    assert [one.id for one in found.mechanisms] == ["fake-search"]


def test_a_place_is_what_its_scenario_builds() -> None:
    """The place of a task has its values and seed, and the hash that such a scenario has by itself."""
    found = plan("cluster.nodes.count=4,8", seeds=(5, 6))
    for task in found.tasks:
        place = found.places[task.place]
        cluster = build.build(place.scenario, place.recorded)
        assert len(cluster.nodes.zone) == task.point["cluster.nodes.count"]
        assert cluster.seed == task.point["scenario.seed"]
        assert place.sha256 == task.place == load.sha256(load.dump(place.scenario))
    alone = loaded(text=TINY.replace("count: 4", "count: 8")).with_seed(6)
    assert alone.sha256 == found.tasks[-1].place


def test_one_seed_is_no_parameter() -> None:
    """Only of several seeds does a cell say which."""
    (first, *_) = plan("cluster.nodes.count=4,8", seeds=(7,)).tasks
    assert first.point == {"cluster.nodes.count": 4}
    assert first.label == "4 nodes"


def test_without_an_axis_of_a_mechanism_all_of_the_scenario_run() -> None:
    """With one, only those that have an axis do; a bare key is of all that have it."""
    assert {task.mechanism for task in plan("cluster.nodes.count=4").tasks} == {"fake-search", "other-search"}
    assert {task.mechanism for task in plan("other-search.free_pages=1").tasks} == {"other-search"}
    assert {task.mechanism for task in plan("free_pages=1").tasks} == {"fake-search", "other-search"}
    only = loaded("mechanisms:\n  other-search: {}\n")
    assert {task.mechanism for task in plan("free_pages=1", of=only).tasks} == {"other-search"}


def test_blocks_of_the_scenario_hold() -> None:
    """Variants and parameters that have no axis stay; labels say those that differ between cells."""
    of = loaded(
        "mechanisms:\n  fake-search:\n"
        "    - {workload: [A, B], share: 30%, variants: all}\n"
        "    - {workload: C, share: 30%, free_pages: 9}\n"
    )
    found = plan("fake-search.free_pages=1k", of=of)
    assert [(task.label, task.variants) for task in found.tasks] == [
        ("workload A, 1k free pages", ("baseline", "optimized", "third")),
        ("workload B, 1k free pages", ("baseline", "optimized", "third")),
        ("workload C, 1k free pages", ("baseline", "optimized")),
    ]
    assert {task.params["share"] for task in found.tasks} == {0.3}


def test_equal_values_are_one_point() -> None:
    """2k and 2000 are one, in a mechanism's parameter and in the scenario."""
    found = plan("fake-search.free_pages=2k,2000", "cluster.nodes.count=0.008k,8")
    assert labels(found) == ["fake-search: 2k free pages, 8 nodes"]
    assert found.over == {"fake-search.free_pages": (2000,), "cluster.nodes.count": (8,)}


def test_defaults_follow_what_is_varied() -> None:
    """Pods that the file does not count are 20 a node."""
    of = load.parse(BARE.encode(), "bare.yaml", "bare.yaml", "bare")
    found = plan("cluster.nodes.count=100,200", of=of)
    clusters = [place.scenario.cluster.model_dump() for place in found.places.values()]
    assert [(one["pods"]["count"], one["objects"]["total"]) for one in clusters] == [
        (2000, 10_000),
        (4000, 20_000),
    ]


def test_the_profile_is_kept_under_a_name_with_a_dot() -> None:
    """So that no parameter of a mechanism is taken for it."""
    found = plan("profile=k8s-1.14,k8s-1.36")
    assert found.tasks[0].point == {"scenario.profile": "k8s-1.14"}
    assert found.tasks[0].label == "profile k8s-1.14"
    assert plan("scenario.profile=k8s-1.14,k8s-1.36").plan == found.plan


def test_filters_narrow_by_what_is_varied_too() -> None:
    """Patterns of mechanisms, of parameters and of places; what is left decides places, cells, mechanisms."""
    found = plan(
        "free_pages=1k,2k",
        "cluster.nodes.count=4,8",
        only=["other-*", "cluster.nodes.count=8", "free_pages=1k"],
    )
    assert labels(found) == ["other-search: 1k free pages, 8 nodes"]
    assert (len(found.places), len(found.cells)) == (1, 1)
    assert [one.id for one in found.mechanisms] == ["other-search"]
    assert found.over["free_pages"] == (1000,)
    with pytest.raises(KscaleError, match=r"^--filter cluster\.nodes\.count=9: matches no cell; there are: "):
        plan("cluster.nodes.count=4,8", only=["cluster.nodes.count=9"])
    with pytest.raises(KscaleError, match=r"^--filter nothing: matches no cell"):
        plan("cluster.nodes.count=4,8", only=["nothing"])


def test_overrides_hold_at_every_point() -> None:
    """--set gives a parameter, --over varies another."""
    found = plan("fake-search.free_pages=1k,2k", overrides=["fake-search.workload=A"])
    assert {task.params["workload"] for task in found.tasks} == {"A"}
    assert labels(found) == ["fake-search: 1k free pages", "fake-search: 2k free pages"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("other-search.workload=A", "this sweep does not run other-search; it runs: fake-search"),
        ("fake-search.free_pages=5", "free_pages is varied by --over free_pages=1k,2k; leave one of the two"),
    ],
)
def test_overrides_of_no_effect_are_refused(text: str, says: str) -> None:
    """Who gives one expects something of it."""
    with pytest.raises(KscaleError) as found:
        plan("free_pages=1k,2k", only=["fake-*"], overrides=[text])
    assert str(found.value).startswith(f"--set {text}: {says}")


def test_parameters_come_back_from_a_task() -> None:
    """What a task holds are plain values, from which a worker makes the record again."""
    (task,) = plan("fake-search.free_pages=1k").tasks
    assert asdict(parameters.kept(FAKES[0], task.params)) == dict(task.params)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        (["free_page=1"], "has a parameter 'free_page'; did you mean 'free_pages'? known: churn, free_pages"),
        (["nodes=5"], "has a parameter 'nodes'; did you mean cluster.nodes.count?"),
        (["pod_changes=5/s"], "did you mean load.pod_changes?"),
        (
            ["nodes.count=5"],
            "'nodes' is neither a mechanism nor a part of the scenario; did you mean cluster.",
        ),
        (["fake-serch.free_pages=1"], "did you mean 'fake-search'?"),
        (["fake-search.free_page=1"], "fake-search has no parameter 'free_page'; did you mean 'free_pages'?"),
        (["fake-search.variants=all"], "variants cannot be varied; --set says which are run"),
        (["seed=1,2"], "seed cannot be varied; give --seeds N"),
        (["scenario.seed=1,2"], "seed cannot be varied; give --seeds N"),
        (["mechanisms.fake-search.free_pages=1"], "write it without mechanisms.: 'fake-search.free_pages'"),
        (
            ["cluster.node.count=1"],
            "no single value at 'cluster.node.count'; did you mean 'cluster.nodes.count'",
        ),
        (["cluster.nodes=5"], "no single value at 'cluster.nodes'; did you mean"),
        (["cluster.trace=openb"], "no single value at 'cluster.trace'"),
        (["name=a,b"], "has a parameter 'name'"),
        (
            ["free_pages=1", "fake-search.free_pages=2"],
            "'fake-search.free_pages' is varied already; keep one",
        ),
        (["profile=k8s-1.14", "scenario.profile=k8s-1.36"], "'scenario.profile' is varied already"),
        (["free_pages=0,1"], "--over free_pages=0,1: should be greater than or equal to 1, got"),
        (["free_pages=many"], "--over free_pages=many: 'many' is not a count"),
        (["cluster.nodes.count=0,5"], "--over cluster.nodes.count=0,5: must be 1 to 1,000,000, got 0"),
        (["cluster.nodes.count=on"], "--over cluster.nodes.count=on: 'on' is read as true by some"),
        (["profile=k8s-9"], "--over profile=k8s-9: no profile"),
        (["cluster.pods.apps=9"], "--over cluster.pods.apps=9: 9 apps need as many pods, there are 8"),
        (
            ["cluster.pods.count=99", "cluster.nodes.count=99"],
            "tiny.yaml:6: cluster.objects.total: the types come",
        ),
        (
            ["free_pages=1..1000/1000", "cluster.nodes.count=1..1000/1000"],
            "at most 20,000 are run; take fewer",
        ),
        (["free_pages=1..1000/1000", "value_bytes=1..1000/1000"], "makes more than 20,000 cells"),
    ],
)
def test_what_cannot_be_swept(over: list[str], says: str) -> None:
    """One line that names the option or the file, before any work."""
    with pytest.raises(KscaleError) as found:
        plan(*over)
    assert says in str(found.value)
    assert "\n" not in str(found.value)


def test_a_mechanism_that_the_scenario_does_not_run() -> None:
    """Is named with those that it runs."""
    of = loaded("mechanisms:\n  other-search: {}\n")
    with pytest.raises(KscaleError, match="the scenario does not run fake-search; it runs: other-search"):
        plan("fake-search.free_pages=1", of=of)


def test_a_part_of_the_file_that_does_not_go_with_it_is_named_with_the_values() -> None:
    """The line of the file, and what was put in it."""
    of = loaded(text=TINY.replace("{count: 8}", "{count: 8, apps: 4}"))
    with pytest.raises(KscaleError) as found:
        plan("cluster.pods.count=8,2", of=of)
    assert str(found.value) == (
        "tiny.yaml:5: cluster.pods.apps: 4 apps need as many pods, there are 2 (with cluster.pods.count=2)"
    )


def test_seeds_have_an_end() -> None:
    """The last seed is one that a scenario may have."""
    with pytest.raises(KscaleError, match="the last seed would be"):
        plan("free_pages=1", seeds=range(2**62 - 1, 2**62 + 2))


def test_a_key_of_two_readings_is_the_mechanisms() -> None:
    """`cluster.nodes` is the parameter of the mechanism named cluster, if that is run."""
    fakes = (mechanism(mechanism_id="cluster"),)
    of = loaded("mechanisms:\n  cluster: {}\n")
    given = [axes.parse(text, "--over") for text in ("cluster.free_pages=1k", "cluster.nodes.count=8")]
    found = keys.meant(of, fakes, given)
    assert [(one.mechanisms, one.name, one.kept_as) for one in found] == [
        (("cluster",), "free_pages", "free_pages"),
        ((), "cluster.nodes.count", "cluster.nodes.count"),
    ]
