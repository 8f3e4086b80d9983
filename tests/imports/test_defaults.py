"""What no source said is assumed, and said with the numbers that are run."""

from pathlib import Path
from typing import Any

import pytest
from made_facts import node, part, pods, sizes, value

from kscale.imports import anonymize, defaults, merge, write
from kscale.scenario import load, resolve
from kscale.scenario.schema import Scenario
from kscale.scenario.spec import Spec

LISTED = {
    "format_id": "kubectl",
    "nodes": tuple(node(i) for i in range(12)),
    "types": {"nodes": sizes((9, 12))},
}
COUNTED = {"format_id": "prometheus", "types": {"nodes": sizes((9, 12)), "pods": sizes((9, 70))}}
SETTINGS = {
    "format_id": "manifest",
    "values": (
        value("control_plane.apiservers", 1),
        value("control_plane.controllers", 7),
        value("control_plane.etcd.members", 1),
        value("control_plane.etcd.fsync", "2ms"),
        value("control_plane.etcd.quota", "2GiB"),
        value("load.pod_changes", "1/s"),
        value("load.heartbeat.period", "10s"),
        value("load.heartbeat.size", "3KiB"),
        value("profile", "k8s-1.20"),
    ),
}


def _made(*facts: dict[str, Any], profile: str | None = None) -> write.Imported:
    """Return what these sources make."""
    return write.make(merge.merge([part(**one) for one in facts]), anonymize.as_they_are, profile)


def _said(*facts: dict[str, Any], profile: str | None = None) -> str:
    """Return what is assumed in place of what these sources do not say; empty: nothing."""
    found = [one for one in _made(*facts, profile=profile).merged.assumed if one.startswith("not read")]
    assert len(found) <= 1
    return "".join(found)


def _leaves(spec: Spec, at: str) -> set[str]:
    """Return the keys below *at* that a scenario has a default for."""
    found = set()
    for name in type(spec).model_fields:
        one, key = getattr(spec, name), f"{at}.{name}"
        if isinstance(one, Spec):
            found |= _leaves(one, key)
        elif one is not None:
            found.add(key)
    return found


def test_every_default_of_settings_and_load_can_be_said() -> None:
    """None is forgotten when a scenario gets a new key."""
    resolved = resolve.resolve(Scenario())
    found = _leaves(resolved.control_plane, "control_plane") | _leaves(resolved.load, "load")
    assert found == set(defaults.SHOWN)


def test_nodes_alone_say_what_is_invented_beside_them(tmp_path: Path) -> None:
    """Pods, servers and load: the numbers of the scenario that is run."""
    imported = _made(LISTED)
    loaded = load.load(str(write.save(imported, tmp_path / "mine.yaml", "mine")[0])).scenario
    assert loaded.cluster.pods is not None
    said = imported.merged.assumed[0]
    for one in (
        "not read, so as in any scenario: constants of k8s-1.36, ",
        f"{loaded.cluster.pods.count} pods (20 a node) that ask for cpu 500m to 2 and 1 GiB to 8 GiB, ",
        f"{loaded.control_plane.apiservers} API servers, 3 members of etcd, fsync 1 ms, quota 8 GiB, ",
        f"{loaded.control_plane.controllers} controllers, 2.88/min pod changes, a heartbeat each 10 s",
    ):
        assert one in said
    assert "nodes" not in said.replace("a node", "")
    assert "objects" not in said
    assert imported.merged.assumed[1] == "etcd is taken to hold only the objects of these lists (1 type)"


def test_a_manifest_alone_says_that_the_cluster_is_invented() -> None:
    """All of it."""
    said = _said(SETTINGS)
    assert said == (
        "not read, so as in any scenario: 1,000 nodes of cpu 32 and 128 GiB in 3 zones, "
        "20,000 pods (20 a node) that ask for cpu 500m to 2 and 1 GiB to 8 GiB, 100,000 objects (5 a pod)"
    )


def test_what_is_only_counted_has_shapes_of_no_cluster() -> None:
    """Metrics count; they say nothing of what nodes have and pods want."""
    said = _said(COUNTED, SETTINGS)
    assert said == (
        "not read, so as in any scenario: nodes of cpu 32 and 128 GiB in 3 zones, "
        "pods that ask for cpu 500m to 2 and 1 GiB to 8 GiB"
    )
    assert not any("these lists" in one for one in _made(COUNTED, LISTED).merged.assumed)


def test_nothing_is_said_where_all_was_read() -> None:
    """Each thing by somebody."""
    assert _said(LISTED | {"pods": pods(40)}, SETTINGS) == ""


@pytest.mark.parametrize("profile", [None, "k8s-1.14"])
def test_constants_are_assumed_unless_asked_for(profile: str | None) -> None:
    """Or read."""
    assert ("constants of" in _said(LISTED, profile=profile)) == (profile is None)
    assert "constants of" not in _said(LISTED, SETTINGS, profile=profile)
