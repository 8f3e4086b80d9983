"""Several sources become one picture; what they contradict each other in is kept with its reason."""

from itertools import permutations

import made_facts
import numpy as np
import pytest
from made_facts import part, sizes, value

from kscale.imports import merge, settings
from kscale.imports.contradictions import Contradiction, Part
from kscale.imports.facts import FreeSpace, TypeFact, Value
from kscale.imports.merge import Merged
from kscale.mechanisms.registry import MECHANISMS

QUOTA, SERVERS = "control_plane.etcd.quota", "control_plane.apiservers"


def _of(merged: Merged, subject: str) -> Contradiction:
    """Return the one contradiction on *subject*."""
    (found,) = [one for one in merged.contradictions if one.subject == subject]
    return found


def _shown(merged: Merged, subject: str) -> tuple[list[str], str]:
    """Return what each side of a contradiction says, the one that is used first, and why it is."""
    found = _of(merged, subject)
    return [side.shown for side in found.sides], found.why


def test_mechanisms_are_those_of_the_registry() -> None:
    """Imports cannot see the registry; the file that they write names all of it, in its order."""
    assert tuple(one.id for one in MECHANISMS) == settings.MECHANISMS


def test_newer_value_wins_and_both_are_shown() -> None:
    """Whatever the format."""
    old = part("manifest", taken=3, values=(value(QUOTA, "4GiB"),))
    new = part("prometheus", taken=4, values=(value(QUOTA, 8 * 2**30),))
    for given in ([old, new], [new, old]):
        merged = merge.merge(given)
        assert merged.values[QUOTA].value == "8GiB"
        assert merged.origins[QUOTA] == "prometheus"
        assert _shown(merged, QUOTA) == (["8GiB", "4GiB"], "newer")
        assert merged.taken == made_facts.day(4)


def test_value_that_was_read_beats_a_newer_estimate() -> None:
    """A number that somebody worked out gives way."""
    read = part("manifest", modified=1, values=(value(SERVERS, 3),))
    guess = part("prometheus", taken=9, values=(value(SERVERS, 5, estimate=True),))
    merged = merge.merge([guess, read])
    assert merged.values[SERVERS].value == 3
    assert _shown(merged, SERVERS) == (["3", "5"], "it was read, the other one is worked out")


def test_source_without_a_date_is_as_old_as_its_file_which_is_said() -> None:
    """The file's date stands in."""
    old = part("manifest", modified=2, values=(value(SERVERS, 3),))
    new = part("prometheus", modified=5, values=(value(SERVERS, 5),))
    merged = merge.merge([old, new])
    assert merged.values[SERVERS].value == 5
    assert _of(merged, SERVERS).why == "newer by the date of its file"
    assert merged.taken is None


def test_equal_values_written_differently_do_not_contradict() -> None:
    """8GiB is 8589934592."""
    merged = merge.merge(
        [part("manifest", values=(value(QUOTA, "8Gi"),)), part("prometheus", values=(value(QUOTA, 2**33),))]
    )
    assert merged.values[QUOTA].value == "8GiB"
    assert merged.contradictions == ()


def test_order_on_the_command_line_does_not_matter() -> None:
    """Equal sources make equal scenarios."""
    given = [
        part("kubectl", "a", nodes=(made_facts.node(1),), also=("one",)),
        part("kubectl", "b", nodes=(made_facts.node(2), made_facts.node(3)), also=("two",)),
        part("manifest", values=(value(SERVERS, 1),)),
        part("prometheus", values=(value(SERVERS, 2), value("counts.nodes", 9))),
    ]
    first, *others = [merge.merge(list(order)) for order in permutations(given)]
    for other in others:
        assert other == first
    assert first.nodes is not None
    assert len(first.nodes) == 3


def test_values_that_no_scenario_takes_are_dropped_and_said() -> None:
    """Nothing is lost silently, and nothing breaks the file."""
    refused = (
        ("control_plane.etcd.members", 99),
        ("load.pod_changes", "fast"),
        ("mechanisms.made-up.x", 1),
        ("a.b", 1),
    )
    merged = merge.merge([part(values=tuple(value(key, given) for key, given in refused))])
    assert merged.values == {}
    assert [line.partition(" ")[0] for line in merged.dropped] == [key for key, _ in refused]


def test_files_of_kubectl_are_parts_of_one_cluster() -> None:
    """One file per namespace: pods in order of creation, apps and namespaces told apart."""
    one = part(name="a", pods=made_facts.pods(4, first=100), types={"pods": sizes((500, 4), estimate=True)})
    other = part(
        name="b",
        pods=made_facts.pods(6, first=98, requests=({"cpu": "2"},)),
        types={"pods": sizes((500, 1), (700, 5), estimate=True)},
    )
    merged = merge.merge([one, other])
    assert merged.pods is not None
    assert merged.pods.created_s.tolist() == [98, 99, 100, 100, 101, 101, 102, 102, 103, 103]
    assert len(set(merged.pods.app.tolist())) == 6
    assert len(set(merged.pods.namespace.tolist())) == 4
    asked = [merged.pods.requests[i].cpu for i in merged.pods.request]
    assert asked == [(2000,), (2000,), (500,), (2000,), (500,), (2000,), (500,), (2000,), (500,), (2000,)]
    assert merged.types["pods"].count == 10
    assert np.array_equal(merged.types["pods"].sizes, [[500, 5], [700, 5]])  # type: ignore[arg-type]  # None would fail
    assert merged.assumed[0] == "2 lists of pods are parts of one cluster: added up"
    assert merged.contradictions == ()


def test_newest_kind_of_list_wins() -> None:
    """A trace beside a list of kubectl is another cluster's, or another day's."""
    trace = part("sktrace", taken=8, pods=made_facts.pods(7))
    listed = part("kubectl", taken=9, pods=made_facts.pods(5))
    merged = merge.merge([trace, listed])
    assert merged.origins["pods"] == "kubectl"
    assert _shown(merged, "pods") == (["5", "7"], "newer")


def test_traces_of_one_format_are_no_parts() -> None:
    """Each sees all of its cluster: the newer one is used, and both are shown."""
    old, new = (
        part("sktrace", name, taken=day, pods=made_facts.pods(day)) for name, day in (("a", 7), ("b", 5))
    )
    merged = merge.merge([old, new])
    assert _shown(merged, "pods") == (["7", "5"], "newer")


def test_sizes_that_were_read_beat_worked_out_ones_and_none() -> None:
    """However new the others are."""
    store = part("etcd-db", taken=1, types={"pods": sizes((900, 10)), "jobs": sizes((100, 1))})
    listed = part("kubectl", taken=5, types={"pods": sizes((400, 12), estimate=True)})
    counted = part("prometheus", taken=9, types={"pods": TypeFact(15), "events": TypeFact(8)})
    merged = merge.merge([counted, listed, store])
    assert merged.types["pods"].count == 10
    assert merged.types["events"] == TypeFact(8)
    assert set(merged.types) == {"pods", "jobs", "events"}
    assert _shown(merged, "objects.pods") == (["10", "12", "15"], "its sizes were read")


def test_counts_beside_a_list_are_shown_and_each_stays_in_its_place() -> None:
    """The list makes the pods, the store the objects."""
    listed = part("kubectl", pods=made_facts.pods(5), types={"pods": sizes((400, 6), estimate=True)})
    store = part("etcd-db", types={"pods": sizes((900, 9))})
    merged = merge.merge([listed, store])
    assert merged.pods is not None
    assert len(merged.pods.request) == 5
    assert merged.types["pods"].count == 9
    assert "counts.pods" not in merged.values
    assert _shown(merged, "pods") == (
        ["5", "9"],
        "the list says what each one is; the number of stored objects stays 9",
    )


def test_counts_stand_in_where_there_is_no_list() -> None:
    """A snapshot alone says how many nodes there are."""
    merged = merge.merge([part("etcd-db", types={"nodes": sizes((900, 9))})])
    assert merged.nodes is None
    assert merged.values["counts.nodes"].value == 9
    assert "counts.pods" not in merged.values


def _space(pages: int) -> FreeSpace:
    """Return a store of so many pages, one of them free."""
    return FreeSpace(4096, pages, np.array([[2, 1]], dtype=np.int64), np.array([[3, 1]], dtype=np.int64))


def test_stores_of_different_types_are_shards() -> None:
    """Their objects are added up; the free pages are those of the largest."""
    main = part("etcd-db", "a", space=_space(50), types={"pods": sizes((900, 100)), "events": sizes((10, 3))})
    events = part("etcd-db", "b", space=_space(90), types={"events": sizes((10, 500))})
    merged = merge.merge([events, main])
    assert merged.space is events.facts.space
    assert (merged.types["pods"].count, merged.types["events"].count) == (100, 503)


def test_older_snapshot_of_a_store_is_not_used() -> None:
    """Two backups of one store hold mostly the same."""
    old = part("etcd-db", "a", modified=1, space=_space(90), types={"pods": sizes((900, 100))})
    new = part("etcd-db", "b", modified=2, space=_space(50), types={"pods": sizes((900, 120))})
    merged = merge.merge([old, new])
    assert merged.space is new.facts.space
    assert merged.types["pods"].count == 120
    (said,) = merged.dropped
    assert said.startswith("100 pods of a (file of 2026-11-01 00:00): an older state of those of b (file of")


def test_mix_of_requests_comes_whole_from_one_source() -> None:
    """Parts of two mixes make no third."""
    log = part(
        "audit",
        taken=1,
        values=(value("load.requests.get/pods", "9/s"), value("load.requests.list/jobs", "1/s")),
    )
    metrics = part("prometheus", taken=2, values=(value("load.requests.list/pods", "2/s"),))
    merged = merge.merge([log, metrics])
    assert set(merged.values) == {"load.requests.list/pods"}
    assert _shown(merged, "load.requests") == (["2/s", "10/s of 2 kinds"], "newer")


def test_mixes_that_differ_are_all_shown() -> None:
    """With what they are in all, though some are as large or of as many kinds."""
    watches = [{"pods": 100, "nodes": 7}, {"pods": 90, "nodes": 17}, {"pods": 90, "nodes": 16}, {"pods": 101}]
    given = [
        part(
            "audit", str(i), taken=9 - i, values=tuple(value(f"load.watches.{k}", n) for k, n in one.items())
        )
        for i, one in enumerate(watches)
    ]
    shown, why = _shown(merge.merge(given), "load.watches")
    assert shown == [
        "107 watches of 2 kinds",
        "107 watches of 2 kinds, in other parts",
        "106 watches of 2 kinds",
        "101 watches",
    ]
    assert why == "newer"


def test_reason_among_files_of_one_kind_and_date_is_their_name() -> None:
    """No kind of source decides there."""
    given = [
        part("prometheus", name, values=(value(QUOTA, size),))
        for name, size in (("b", "2GiB"), ("a", "4GiB"))
    ]
    assert _shown(merge.merge(given), QUOTA) == (
        ["4GiB", "2GiB"],
        "of the same date: the first by name of its file",
    )


def test_manifests_of_api_servers_are_counted() -> None:
    """Each file is one server; of one alone it is said that there may be more."""
    ones = [part("manifest", str(i), values=(value(SERVERS, 1, estimate=True),)) for i in range(3)]
    merged = merge.merge(ones)
    assert merged.values[SERVERS].value == 3
    assert merged.contradictions == ()
    assert merged.assumed == ("3 manifests of kube-apiserver: 3 API servers",)
    assert merge.merge(ones[:1]).assumed == (
        "one pod of kube-apiserver is one API server: give those of the others too",
    )


def _flag(name: str, chance: float, modified: int) -> Part:
    """Return a manifest with --goaway-chance."""
    key = "mechanisms.apiserver-balance.goaway_ppm"
    how = "flag --goaway-chance of kube-apiserver"
    return part("manifest", name, modified=modified, values=(Value(key, chance, how),))


def test_servers_that_differ_are_a_fleet_of_which_most_decide() -> None:
    """However new the files are: all of them are in force."""
    key = "mechanisms.apiserver-balance.goaway_ppm"
    a, b, c = _flag("a", 10, 1), _flag("b", 20, 2), _flag("c", 10, 1)
    merged = merge.merge([a, b, c])
    assert merged.values[key].value == 10
    assert _shown(merged, key) == (["10", "20"], "servers differ in --goaway-chance: 2 of 3 have this")
    merged = merge.merge([b, a])
    assert merged.values[key].value == 10
    why = "servers differ in --goaway-chance: as many have each, this is the first by name of its file"
    assert _shown(merged, key) == (["10", "20"], why)


def test_lines_of_several_sources_name_their_kind() -> None:
    """Two may say different things; of several files of one kind it is said which."""
    log = part("audit", also=("requests: 50 % list/pods",))
    metrics = [part("prometheus", str(i), also=(f"requests: {i} % list/pods", "both")) for i in (1, 2)]
    assert merge.merge([log, *metrics]).also == (
        "Prometheus metrics 1: requests: 1 % list/pods",
        "Prometheus metrics: both",
        "Prometheus metrics 2: requests: 2 % list/pods",
        "audit log: requests: 50 % list/pods",
    )
    assert merge.merge([log]).also == log.facts.also


@pytest.mark.parametrize(
    "key", ["load.watches.widgets.example.com", "load.requests.list/widgets.example.com"]
)
def test_keys_of_mixes_may_hold_dots(key: str) -> None:
    """A custom resource is one part of a key."""
    assert len(settings.path(key)) == 3
