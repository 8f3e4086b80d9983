"""A scenario with another value at a place of its file: what follows from it follows anew."""

from pathlib import Path

import pytest
import recorded_clusters as small

from kscale import units
from kscale.errors import KscaleError
from kscale.measure import point
from kscale.scenario import build, load, places, recorded
from kscale.scenario.load import Loaded
from kscale.scenario.schema_cluster import MadeSpec, TraceSpec

BARE = "name: bare\n"
FULL = """\
profile: k8s-1.20
cluster:
  nodes: {count: 10}
  pods: {count: 40, apps: 4}
  objects: {types: {pods: {size: 1KiB}, widgets.example.com: {count: 7}}}
load:
  pod_changes: 6/min
  requests: {list/pods: 2/s}
  watches: {pods: 30}
"""


def loaded(text: str) -> Loaded:
    """Return a scenario of that text."""
    return load.parse(text.encode(), "mine.yaml", "mine.yaml", "mine")


def made(found: Loaded) -> MadeSpec:
    """Return its synthetic cluster."""
    assert isinstance(found.scenario.cluster, MadeSpec)
    return found.scenario.cluster


def test_defaults_follow() -> None:
    """Pods are 20 a node and objects 5 a pod, where the file counts neither."""
    found = made(loaded(BARE).varied({"cluster.nodes.count": "2k"}))
    assert (found.nodes.count, found.pods.count, found.objects.total) == (2000, 40_000, 200_000)
    assert found.objects.types["nodes"].count == 2000
    assert made(loaded(FULL).varied({"cluster.nodes.count": "20"})).pods.count == 40  # the file counts them


def test_a_varied_scenario_is_the_one_that_is_written_so() -> None:
    """Equal in every part, and so in its hash, with a seed or before it."""
    written = loaded(BARE + "seed: 9\ncluster: {nodes: {count: 2k}, pods: {apps: 5}}\n")
    values = {"cluster.nodes.count": "2000", "cluster.pods.apps": "5"}
    assert loaded(BARE).varied(values).with_seed(9).sha256 == written.sha256
    assert loaded(BARE).with_seed(9).varied(values).sha256 == written.sha256
    steps = loaded(BARE).varied({"cluster.nodes.count": "9"}).varied(values).with_seed(9)
    assert steps.scenario == written.scenario


def test_what_was_loaded_stays_as_it_was() -> None:
    """Varying leaves its tree alone."""
    found = loaded(FULL)
    before = found.sha256
    found.varied({"cluster.nodes.count": "99", "cluster.objects.types.pods.size": "2KiB"})
    assert found.varied({}).sha256 == before


@pytest.mark.parametrize(
    ("place", "text", "value"),
    [
        ("profile", "k8s-1.14", "k8s-1.14"),
        ("cluster.nodes.count", "2k", 2000),
        ("cluster.pods.app_sizes", "equal", "equal"),
        ("cluster.objects.types.pods.size", "30KiB", 30720),
        ("cluster.objects.types.pods.spread", "0.25", 0.25),
        ("cluster.objects.types.widgets.example.com.count", "9", 9),
        ("control_plane.controllers", "7", 7),
        ("control_plane.etcd.fsync", "2ms", 2_000_000),
        ("control_plane.etcd.cores", "4", 4),
        ("load.pod_changes", "6/min", 0.1),
        ("load.heartbeat.period", "1min", 60 * units.NS_PER_S),
        ("load.requests.list/pods", "5/s", 5.0),
        ("load.watches.pods", "12k", 12_000),
        ("simulation.duration", "30s", 30 * units.NS_PER_S),
        ("simulation.reads.list-node", "3/s", 3.0),
    ],
)
def test_values_are_plain_and_resolved(place: str, text: str, value: object) -> None:
    """Numbers in base units, whatever the unit they were written in."""
    assert loaded(FULL).varied({place: text}).value(place) == value


def test_types_by_default_stay() -> None:
    """With one type given in the file, all others would be gone; varied, they are not."""
    usual = made(loaded(BARE)).objects.types
    found = made(loaded(BARE).varied({"cluster.objects.types.events.size": "4KiB"})).objects.types
    assert list(found) == list(usual)
    assert found["events"] == usual["events"].model_copy(update={"size": 4096})


def test_a_share_is_kept_though_it_becomes_a_count() -> None:
    """What is resolved away is read where it was written."""
    found = loaded(BARE).varied({"cluster.objects.types.events.share": "20%"})
    assert found.value("cluster.objects.types.events.share") == 0.2
    assert made(found).objects.types["events"].count == 20_000


def test_traces_are_repeated() -> None:
    """To so many nodes, or so many times; a plain number in the file gives way to what is varied in it."""
    found = loaded("cluster: {trace: openb, repeat: 2}\n")
    cluster = found.varied({"cluster.repeat.nodes": "3k"}).scenario.cluster
    assert isinstance(cluster, TraceSpec)
    assert (cluster.repeat.nodes, cluster.repeat.pods) == (3000, 8152)
    varied = found.varied({"cluster.repeat.times": "0.5"})
    assert (varied.value("cluster.repeat.times"), varied.value("cluster.repeat.pods")) == (0.5, 4076)
    assert found.varied({"cluster.pods": "gpuspec33"}).value("cluster.pods") == "gpuspec33"


def test_an_imported_cluster_is_repeated_and_read_once(tmp_path: Path) -> None:
    """Its file may be gone by then; what is recorded in it cannot be varied."""
    file = tmp_path / "mine.npz"
    sha256 = recorded.save(small.everything(), file)
    holds = "{nodes: 3, pods: 5, objects: 11}"
    text = f"cluster: {{imported: mine.npz, sha256: '{sha256}', holds: {holds}}}"
    found = load.parse(text.encode(), "mine.yaml", "mine.yaml", folder=tmp_path)
    file.unlink()
    varied = found.varied({"cluster.repeat": "2.5", "load.pod_changes": "3/s"})
    assert varied.value("cluster.repeat") == 2.5
    assert varied.recorded is found.recorded
    assert len(build.build(varied.scenario, varied.recorded).nodes.zone) == 7
    for place in ("cluster.nodes.count", "cluster.sha256", "cluster.imported", "cluster.holds.nodes"):
        with pytest.raises(KscaleError, match="no value to vary"):
            found.varied({place: "1"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"cluster.nodes.count": "0"}, "cluster.nodes.count: must be 1 to 1,000,000, got 0"),
        ({"cluster.nodes.count": "null"}, "cluster.nodes.count: 'null' is not a count"),
        ({"cluster.nodes.count": "010"}, "cluster.nodes.count: '010' is read as octal by some"),
        ({"cluster.nodes.count": "9" * 500}, "cluster.nodes.count: '9999"),
        ({"cluster.node.count": "1"}, "no value to vary at 'cluster.node.count' of a scenario; did you mean"),
        ({"cluster.nodes": "1"}, "no value to vary at 'cluster.nodes'"),
        ({"cluster.nodes.shapes": "1"}, "no value to vary at 'cluster.nodes.shapes'"),
        ({"seed": "1"}, "no value to vary at 'seed'"),
        ({"control_plane.optimizations.node-lease": "true"}, "no value to vary at"),
        (
            {"cluster.pods.count": "3"},
            "mine.yaml:4: cluster.pods.apps: 4 apps need as many pods, there are 3 (with cluster.pods",
        ),
        (
            {"load.pod_changes": "1\nx"},
            r"load.pod_changes: '1\nx' is not a rate",
        ),
    ],
)
def test_complaints_about_values(values: dict[str, str], says: str) -> None:
    """One line that names the place, or the line of the file that does not go with it."""
    with pytest.raises(KscaleError) as found:
        loaded(FULL).varied(values)
    assert str(found.value).startswith(says)
    assert "\n" not in str(found.value)


def test_complaints_name_places_as_they_were_said() -> None:
    """An option of the command line, or a line of a sweep."""
    with pytest.raises(KscaleError, match=r"^--over X: must be 1 to 1,000,000, got 0$"):
        loaded(FULL).varied({"cluster.nodes.count": "0"}, {"cluster.nodes.count": "--over X"})


UNITS = {"2s": "2.05 µs", "2KiB": "2 KiB", "2/s": "2,048/s"}  # what 2,048 of the base unit is shown as


@pytest.mark.parametrize("text", [BARE, FULL, "cluster: {trace: openb}\n"])
def test_every_place_is_said_in_its_unit(text: str) -> None:
    """A place that is added to the scenario and has a unit that is not said fails here."""
    found = loaded(text)
    for name in places.places(found.scenario):
        if text.startswith("cluster: {trace") and not name.startswith("cluster.repeat"):
            continue  # as in the others, and a trace is read for each
        takes = [unit for unit in UNITS if _takes(found, name, unit)]
        shown = point.say(name, 2048)
        assert len(takes) <= 1, name
        if takes:
            assert shown.endswith(UNITS[takes[0]]), name
        else:
            assert "2,048" in shown, name
            assert "/s" not in shown, name


def _takes(found: Loaded, name: str, text: str) -> bool:
    """Say whether a place takes a quantity of such a unit, be it too large or too small."""
    try:
        found.varied({name: text})
    except KscaleError as error:
        return " must be " in str(error)
    return True


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cluster.nodes.count", 5000, "5k nodes"),
        ("cluster.nodes.count", 1, "1 node"),
        ("cluster.objects.total", 10**6, "1M objects"),
        ("cluster.repeat.times", 2.5, "repeat 2.5"),
        ("cluster.objects.types.pods.size", 10240, "pods size 10 KiB"),
        ("cluster.objects.types.widgets.example.com.size", 4096, "widgets.example.com size 4 KiB"),
        ("control_plane.etcd.members", 5, "5 etcd members"),
        ("control_plane.etcd.fsync", 10**6, "fsync 1 ms"),
        ("load.pod_changes", 0.1, "pod changes 6/min"),
        ("load.requests.list/pods", 1.2, "requests list/pods 1.2/s"),
        ("load.watches.pods", 12_000, "watches pods 12k"),
        ("simulation.reads.list-node", 0.1, "reads list-node 6/min"),
        ("scenario.seed", 3, "seed 3"),
        ("scenario.profile", "k8s-1.14", "profile k8s-1.14"),
        ("load.pod_changes", True, "pod changes"),  # whatever a damaged result holds
    ],
)
def test_places_in_words(name: str, value: object, said: str) -> None:
    """As people say them."""
    assert point.say(name, value) == said
