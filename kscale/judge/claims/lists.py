"""Lists and consistent reads."""

from collections.abc import Callable

from kscale.judge.claims.record import Claim, Figure, Setup, order, ratio
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Work
from kscale.scenario.profiles import MS, S

ID = "list-index"
LOOKUP = "rv0-index"
GB = 10**9
# KEP-2340, row "baseline": what the servers used without any list, in cores.
IDLE = {"apiserver_cpu_ns": 0.10, "etcd_cpu_ns": 0.18}
REACHED = 0.86  # lists a second that were answered from etcd, of 1/s asked
AT_ONCE = 10  # lists without a pause (k/k#129334)
BAND = 0.4  # to both sides of a ratio that was published without one


def _within(published: float) -> tuple[float, float]:
    """Return the band of a ratio that was published without one."""
    return published * (1 - BAND), published * (1 + BAND)


def _of(variant: str, counter: str) -> Callable[[Setup], float]:
    """Return how to read a counter of a set-up's only cell."""
    return lambda setup: float(setup.cell(ID).works[variant][counter])


def _gain(counter: str, after: str = OPTIMIZED) -> Callable[[Setup], float]:
    """Return how to read how many times less of a counter is left."""
    return lambda setup: _of(BASELINE, counter)(setup) / _of(after, counter)(setup)


def _cores(counter: str) -> Callable[[Setup], float]:
    """Return how to read how many times fewer cores are used at the published rates, idle ones included."""

    def ours(setup: Setup) -> float:
        """Return the quotient."""
        works = setup.cell(ID).works
        before = IDLE[counter] + REACHED * works[BASELINE][counter] / S
        return before / (IDLE[counter] + works[OPTIMIZED][counter] / S)

    return ours


def _memory(encoder: str) -> Callable[[Setup], float]:
    """Return how to read the memory of the cache and of ten lists from it."""

    def ours(setup: Setup) -> float:
        """Return the bytes."""
        work: Work = setup.after(ID, encoder=encoder)
        return float(work["cache_bytes"] + AT_ONCE * work["list_bytes"])

    return ours


def _memory_gain(setup: Setup) -> float:
    """Return how many times less memory is used if items are encoded one by one."""
    return _memory("whole")(setup) / _memory("streaming")(setup)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="C6",
        title="the pods of a node, from an index of the cache instead of from etcd: 5 s to 0.3 s",
        kind="R",
        source="Zeng Fansong, Alibaba Cloud, 2019",
        stated="describing a node in a cluster of 10,000 nodes; the number of pods meant is 200,000",
        setup="list-node-10k",
        figures=(
            ratio("times less", 5 / 0.3, (10, 30), _gain("list_p50_ns")),
            order("from etcd", "ns", 5 * S, _of(BASELINE, "list_p50_ns")),
            order("from the cache", "ns", 0.3 * S, _of(OPTIMIZED, "list_p50_ns")),
        ),
        not_reproducible="What was timed is a whole command, whose other requests (the node, its lease, its"
        " events) and client are not published, nor are the number and the size of the pods.",
        assumes=(
            "Ours is the list of 200,000 pods alone, of 10 KB as in k/k#138815.",
            (
                "From etcd, 50,000 pods of 2 KB take 2.0 s, 50,000 of 10 KB 3.9 s and 200,000 of 20 KB 25 s;"
                " from the cache, 10 to 19 ms. So 0.3 s must be nearly all spent on the rest of the command."
            ),
        ),
    ),
    Claim(
        id="C7",
        title="pods of a node: 10 s from etcd, 0.05 s from the cache",
        kind="R",
        source="ArthurChiao's blog, study of LIST, as quoted in guevara/read-it-later#11572",
        stated="4,000 nodes, 100,000 pods of 20 KB, Kubernetes 1.24, curl on the server, without"
        " resourceVersion and with resourceVersion=0",
        setup="list-node-4k",
        figures=(
            ratio("times less", 200, (100, 300), _gain("alone_ns", LOOKUP)),
            order("from etcd", "ns", 10 * S, _of(BASELINE, "alone_ns")),
            order("from the cache", "ns", 0.05 * S, _of(LOOKUP, "alone_ns")),
        ),
        assumes=(
            "The cluster is idle beside the list.",
            (
                "The client is not in ours: 0.05 s is what a process of curl took, its TLS handshake"
                " included. One took 10 ms against a server beside it, measured here; then ours is 24 ms"
                " and 529 times less, outside as well."
            ),
        ),
    ),
    Claim(
        id="C8",
        title="consistent lists from the cache, small objects: latency 21 times less, CPU 11 and 15 times",
        kind="R",
        source="KEP-2340, benchmark of 2023-07",
        stated="300,000 objects of 1 KB, one list a second whose selector matches none; 0.86/s were answered"
        " from etcd",
        setup="list-none-small",
        figures=(
            ratio("P50 of a list", 10.494 / 0.499, _within(10.494 / 0.499), _gain("list_p50_ns")),
            ratio("cores of the API server", 6.92 / 0.63, _within(6.92 / 0.63), _cores("apiserver_cpu_ns")),
            ratio("cores of etcd", 3.57 / 0.23, _within(3.57 / 0.23), _cores("etcd_cpu_ns")),
        ),
        assumes=(
            "Without lists the API server used 0.10 cores and etcd 0.18, as the same table says.",
            (
                "Its P99, 21.8 s, and 71 cores at the 90th percentile speak of a server at its limit, which"
                " the model does not show: a list alone is all that it has to say."
            ),
            (
                "200 nodes; what etcd still does for a list is the quorum read of its revision, 0.17 ms of"
                " CPU."
            ),
        ),
    ),
    Claim(
        id="C9",
        title="the same for few large objects: from 1.44 s to what any list takes",
        kind="R",
        source="KEP-2340, benchmark of 2023-07",
        stated="300 objects of 1 MB, one list a second whose selector matches none",
        setup="list-none-large",
        figures=(ratio("P50 of a list", 1.438 / 0.025, (30, 1000), _gain("list_p50_ns")),),
        assumes=(
            (
                "200 nodes, which renew 20 leases a second, so that a list nearly always waits for etcd's"
                " answer: 247 times less, as with 100 to 1,000 nodes; 457 with 10."
            ),
            (
                "What a list takes beside its objects decides the rest: 355 times less with 0.2 ms, 51 with"
                " 25 ms (list_request_wall_ns)."
            ),
            (
                "25 ms is the middle of the histogram's first bucket, so the ratio has no upper end; 1,000 is"
                " ours."
            ),
        ),
    ),
    Claim(
        id="C10",
        title="consistent reads from the cache: API servers 30 % less CPU, etcd 25 %, lists 3 times faster",
        kind="R",
        source="kubernetes.io blog, 2024-08-15",
        stated="the scalability test of 5,000 nodes, Kubernetes 1.31",
        setup=None,
        figures=(),
        not_reproducible="The shares are of everything the servers did in that test, of which lists without a"
        " resourceVersion are an unknown part.",
    ),
    Claim(
        id="C11",
        title="lists encoded item by item: 70 to 80 GB of memory become 3 GB",
        kind="R",
        source="kubernetes.io blog, 2025-05-09; k/k#129334",
        stated="10,000 ConfigMaps of 100 KB, 10 lists at RV=0 at a time, again and again for 5 minutes",
        setup="list-encoder",
        figures=(
            ratio("times less memory", 20, (10, 100), _memory_gain),
            order("memory, as one piece", "bytes", 75 * GB, _memory("whole")),
            order("memory, item by item", "bytes", 3 * GB, _memory("streaming")),
        ),
        assumes=(
            "All 10 lists are at their peak at the same moment; only they and the cache are counted.",
            "Ten times or more is what is asked for; 100 is our upper end.",
            (
                "A decoded object takes twice its bytes in the cache (list_cache_ppm, assumed): 51 times less"
                " memory with once, 10.6 with 5.2 times, 8 with 7, which is outside; 5.2 to 7 was measured"
                " for custom resources (k/k#142062), which a ConfigMap of one long string is not."
            ),
            (
                "An answer as one piece takes 5 times its bytes (list_memory_ppm): 8.5 times less memory with"
                " 1.5 times, which is outside; 38 with 7.5."
            ),
            "The other half of the claim, WatchList from 20 to 2 GB, is not run.",
        ),
    ),
    Claim(
        id="C12",
        title="a consistent read hardly ever waits longer than one period of progress",
        kind="A",
        source="KEP-2340, production",
        stated="etcd is asked every 100 ms while reads wait: 99.9 % wait no longer than 110 ms, one in"
        " 100,000 longer than 250 ms, one in 100,000 longer than 3 s",
        setup="list-fresh",
        figures=(
            Figure("wait, P99.9", "ns", 110 * MS, 100 * MS, 110 * MS, _of(OPTIMIZED, "fresh_wait_p99_9_ns")),
        ),
        not_reproducible="How often types were read and written there, and how far the caches were behind, is"
        " not published, and decides the wait.",
        assumes=(
            (
                "A type that changes once in 100 s and is read 20 times a second, where others change 100"
                " times a second: then the period decides, as the next event does not come first."
            ),
            (
                "Read once a second, P99.9 is 97 ms, and 83 ms once in 10 s: etcd is asked at once where it"
                " was not asked within the last 100 ms."
            ),
            (
                "P99.9 is 98.5 ms and the cache's lag (list_cache_lag_ns, 2 ms, assumed): 99 ms with 0.5 ms,"
                " 108.5 with 10, 118.5 with 20, so that above 11 ms it is longer than was published."
            ),
            "Nothing stalls here, so that the shares beyond 250 ms and 3 s are 0 whatever is set.",
        ),
    ),
    Claim(
        id="C25",
        title="the first watch cache: P99 of listing pods from 2.61 to 0.85 s, pods started 1.6 times faster",
        kind="R",
        source="k/k#12477, 2015",
        stated="100 nodes, 3,000 pods, Kubernetes 1.0, etcd 2 with JSON",
        setup=None,
        figures=(),
        not_reproducible="What reading and decoding JSON from etcd 2 cost is not published, and starting pods"
        " is not in the model of lists.",
    ),
    Claim(
        id="C26",
        title="WatchList of pods with gzip: P99 from over 60 to 30 s",
        kind="M",
        source="KEP-3157, 2026",
        stated="5,000 nodes, 165,000 pods, an unknown number of clients at a time",
        setup=None,
        figures=(),
        not_reproducible="Compression pays by the network, and neither the network nor how many clients share"
        " it is stated or modelled.",
    ),
    Claim(
        id="C27",
        title="snapshots of the cache's B-tree: 300 MB, 1.3 % of memory",
        kind="M",
        source="KEP-4988",
        stated="the scalability test of 5,000 nodes",
        setup=None,
        figures=(),
        not_reproducible="Snapshots are not in the model, and the memory they are a share of is that of the"
        " whole server in that test.",
    ),
)
