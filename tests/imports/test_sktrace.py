"""SimKube traces: the examples of the project itself, and small ones made here."""

from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest

from kscale.imports import sktrace
from kscale.imports.arrivals import CHANGES
from kscale.imports.facts import Facts
from kscale.imports.settings import taken

FOLDER = Path(__file__).parent.parent / "vectors" / "traces" / "simkube-examples"
START = 1_700_000_000


def of_example(name: str) -> Facts:
    return sktrace.read(FOLDER / name, name, lambda _done, _all: None)


def of_events(folder: Path, *events: dict[str, Any], **keys: object) -> Facts:
    trace = {
        "version": 2,
        "config": {"trackedObjects": {}},
        "events": events,
        "index": {},
        "pod_lifecycles": {},
    }
    path = folder / "made.sktrace"
    path.write_bytes(msgpack.packb(trace | keys))
    return sktrace.read(path, "made.sktrace", lambda _done, _all: None)


def event(ts: int, *applied: dict[str, Any], deleted: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"ts": START + ts, "applied_objs": applied, "deleted_objs": deleted}


def thing(kind: str, name: str, cpu: str = "100m", **spec: object) -> dict[str, Any]:
    """Return an object of Kubernetes with containers where its kind has them."""
    inner: dict[str, object] = {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}
    template: dict[str, object] = {"template": {"spec": inner}}
    within: dict[str, dict[str, Any]] = {
        "Pod": inner,
        "CronJob": {"jobTemplate": {"spec": template}},
        "ConfigMap": {},
    }
    versions = {
        "Pod": "v1",
        "ConfigMap": "v1",
        "Job": "batch/v1",
        "CronJob": "batch/v1",
        "Widget": "a.example/v1",
    }
    return {
        "apiVersion": versions.get(kind, "apps/v1"),
        "kind": kind,
        "metadata": {"name": name, "namespace": "n"},
        "spec": within.get(kind, template) | spec,
    }


def load(facts: Facts) -> float:
    """Return changes of pods a second."""
    rate = next(one.value for one in facts.values if one.key == "load.pod_changes")
    return float(str(rate).removesuffix("/s"))


def cpus(facts: Facts) -> list[int]:
    """Return what each pod asks for, in order of creation."""
    assert facts.pods is not None
    return [facts.pods.requests[number].cpu[0] for number in facts.pods.request]


def replicas_by_hand(name: str) -> tuple[int, int, int, int]:
    """Return pods in all, most at once, and those that came and went after the beginning."""
    trace = msgpack.unpackb((FOLDER / name).read_bytes(), strict_map_key=False, object_pairs_hook=list)
    events = [dict(one) for one in dict(trace)["events"]]
    now: dict[str, int] = {}
    total = most = came = went = 0
    for one in events:
        for given in one["applied_objs"]:
            fields = dict(given)
            own, wanted = dict(fields["metadata"])["name"], dict(fields["spec"])["replicas"]
            step = wanted - now.get(own, 0)
            now[own] = wanted
            total += max(step, 0)
            if one["ts"] > events[0]["ts"]:
                came, went = came + max(step, 0), went + max(-step, 0)
        most = max(most, sum(now.values()))
    return total, most, came, went


def test_a_trace_of_deployments_that_scale() -> None:
    facts = of_example("dsb-scaling.sktrace")
    total, most, came, went = replicas_by_hand("dsb-scaling.sktrace")
    assert facts.pods is not None
    assert len(facts.pods.request) == most
    assert len(np.unique(facts.pods.app)) == 27
    assert len(np.unique(facts.pods.namespace)) == 1
    assert list(facts.pods.created_s) == sorted(facts.pods.created_s)
    assert set(cpus(facts)) == {1000}
    assert load(facts) == float(f"{(CHANGES * came + went + 19) / 1134:.3g}")
    assert facts.read == (
        "46 applied objects in 18.9 min",
        f"{total} pods in all, {most} at the fullest moment",
    )
    assert facts.source.taken is not None
    assert facts.source.taken.isoformat() == "2024-03-20T00:07:52+00:00"


def test_sizes_are_half_the_json() -> None:
    facts = of_example("dsb-scaling.sktrace")
    assert set(facts.types) == {"deployments", "pods"}
    sizes = facts.types["deployments"].sizes
    assert sizes is not None
    assert sizes[:, 1].sum() == facts.types["deployments"].count == 27
    assert (sizes[:, 0] > 600).all()
    assert facts.types["pods"].sizes is None  # the trace holds none


def test_pods_of_their_own_live_as_long_as_was_recorded() -> None:
    facts = of_example("bare-pods.sktrace")
    assert facts.pods is not None
    assert len(facts.pods.request) == 1  # each of the four is gone before the next
    assert [one.effect for one in facts.pods.requests[0].tolerations] == ["NoExecute", "NoExecute"]
    assert facts.types["pods"].sizes is not None
    assert facts.read[1] == "4 pods in all, 1 at the fullest moment"


def test_pods_of_a_cronjob_are_its_recorded_runs() -> None:
    facts = of_example("cronjob.sktrace")
    assert facts.read[1] == "3 pods in all, 1 at the fullest moment"
    assert set(facts.types) == {"cronjobs", "pods"}


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.sktrace")))
def test_a_scenario_takes_the_load(name: str) -> None:
    assert all(taken(one) is not None for one in of_example(name).values)


def test_the_newest_pods_go_first(tmp_path: Path) -> None:
    facts = of_events(
        tmp_path,
        event(0, thing("Deployment", "a", "1", replicas=2)),
        event(10, thing("Deployment", "a", "1", replicas=4)),
        event(20, thing("Deployment", "a", "1", replicas=1)),
        event(30, thing("Deployment", "b", "2", replicas=9)),
    )
    assert facts.pods is not None
    assert cpus(facts) == [1000, *[2000] * 9]
    assert list(facts.pods.created_s - START) == [0, *[30] * 9]
    assert load(facts) == float(f"{(11 * CHANGES + 3 + 2) / 30:.3g}")


def test_a_changed_template_replaces_all_pods(tmp_path: Path) -> None:
    facts = of_events(
        tmp_path,
        event(0, thing("StatefulSet", "a", "1", replicas=3)),
        event(10, thing("StatefulSet", "a", "2", replicas=4)),
    )
    assert cpus(facts) == [2000] * 4
    assert load(facts) == float(f"{(4 * CHANGES + 3 + 1) / 10:.3g}")


def test_what_is_deleted_takes_its_pods_along(tmp_path: Path) -> None:
    whole = thing("Deployment", "a", replicas=5)
    facts = of_events(
        tmp_path,
        event(0, whole),
        event(10, deleted=(whole,)),
        event(20, thing("Deployment", "b", replicas=3)),
    )
    assert facts.pods is not None
    assert len(facts.pods.request) == 5
    assert "3 pods of other moments" in facts.dropped
    assert set(facts.types) == {"deployments", "pods"}


def test_jobs_without_lives_run_as_many_as_they_may(tmp_path: Path) -> None:
    facts = of_events(
        tmp_path,
        event(0, thing("Job", "a", parallelism=4, completions=3), thing("Job", "b"), thing("CronJob", "c")),
        event(1, thing("DaemonSet", "d")),
    )
    assert facts.pods is not None
    assert np.bincount(facts.pods.app).tolist() == [3, 1]
    assert "1 cronjobs whose runs were not recorded" in facts.dropped
    assert "1 daemonsets, whose pods are as many as nodes" in facts.dropped


def test_custom_kinds_are_stored_as_their_json_and_make_pods_where_they_say(tmp_path: Path) -> None:
    widget = thing("Widget", "a", "3")
    config = {"trackedObjects": {"a.example/v1.Widget": {"podSpecTemplatePaths": ["/spec/template"]}}}
    lives = {
        ("a.example/v1.Widget", "n/a"): {7: [{"Running": START}, {"Finished": [START, START + 5]}, "Empty"]}
    }
    facts = of_events(
        tmp_path, event(0, widget, thing("ConfigMap", "x")), config=config, pod_lifecycles=lives
    )
    assert cpus(facts) == [3000, 3000]
    sizes = facts.types["widgets.a.example"].sizes
    assert sizes is not None
    text = '{"apiVersion":"a.example/v1","kind":"Widget","metadata":{"name":"a","namespace":"n"},"spec":'
    text += '{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"3"}}}]}}}}'
    assert sizes.tolist() == [[len(text), 1]]


def test_a_billion_replicas_cost_nothing_before_they_are_refused(tmp_path: Path) -> None:
    events = (event(i, thing("Deployment", "a", replicas=10**9 * (i % 2))) for i in range(100))
    with pytest.raises(Exception, match="1,000,000,000 pods are there at one time; at most 2,000,000"):
        of_events(tmp_path, *events)


def test_dropped_rules_of_pods_are_counted(tmp_path: Path) -> None:
    tolerations = [{"key": "k", "operator": "Exists", "tolerationSeconds": 5}]
    facts = of_events(tmp_path, event(0, thing("Pod", "a", tolerations=tolerations)))
    assert "of the pods' specs: 1 tolerationSeconds" in facts.dropped


def test_names_stay_inside() -> None:
    facts = of_example("dsb-scaling.sktrace")
    told = " ".join(
        (*facts.read, *facts.dropped, *facts.assumed, *facts.also, *(one.how for one in facts.values))
    )
    assert not [name for name in ("dsb", "mongodb", "jaeger", "nginx") if name in told]
