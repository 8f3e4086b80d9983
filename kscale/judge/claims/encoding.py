"""Encoding of watch events."""

import math

from kscale.judge.claims.record import Claim, Setup, order, ratio
from kscale.mechanisms.base import BASELINE, OPTIMIZED

ID = "watch-encode"
LARGE, SMALL = 1_000_000, 50_000  # bytes of the two Endpoints objects
PATCHES = 8  # a second
SECOND = 1_000_000_000  # ns
CORES = 64  # of the published machines


def _less_encoded(setup: Setup) -> float:
    """Return how many times fewer bytes are encoded."""
    before, after = (work(ID, object_bytes=LARGE)["encoded_bytes"] for work in (setup.before, setup.after))
    return before / after


def _busy(setup: Setup) -> float:
    """Return how long the write keeps the server busy, in ns."""
    return float(setup.before(ID, object_bytes=LARGE)["busy_ns"])


def _cores(setup: Setup) -> float:
    """Return the cores that the patches ask for."""
    work = setup.before(ID, object_bytes=SMALL)
    return PATCHES * work["cpu_ns"] / work["events"] / SECOND


def _larger(setup: Setup) -> float:
    """Return how many times more bytes an object takes as JSON."""
    protobuf, json = (setup.before(ID, json_share=share)["encoded_bytes"] for share in (0.0, 1.0))
    return json / protobuf


def _slower(setup: Setup) -> float:
    """Return how many times longer encoding an object takes as JSON."""
    protobuf, json = (_encoding_ns(setup, share) for share in (0.0, 1.0))
    return json / protobuf


def _encoding_ns(setup: Setup, json_share: float) -> float:
    """Return the time of one encoding: what encoding for each watcher takes more than once for all."""
    cell = setup.cell(ID, json_share=json_share)
    saved = cell.works[BASELINE]["encodings"] - cell.works[OPTIMIZED]["encodings"]
    return (cell.times[BASELINE] - cell.times[OPTIMIZED]) / saved


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="C16",
        title="one write of 1 MB of Endpoints no longer encodes it 5,000 times",
        kind="R",
        source="k/k#75294 (2019-03), KEP-1152",
        stated="5,000 watches of Endpoints, one object of about 1 MB created, 64 cores: with shared encoding"
        " the server stays responsive; at least 50 times less encoding is what that takes",
        setup="encode-endpoints",
        figures=(ratio("less encoding", 50, (50, math.inf), _less_encoded),),
        provenance="measured",
        assumes=(
            "All watchers ask for the same version in protobuf, as kube-proxy does.",
            (
                "Published is a lower bound, and ours follows from the set-up: 5,000 watchers of one encoding"
                " are 5,000 encodings before and one after. With two encodings it is about half as much."
            ),
        ),
    ),
    Claim(
        id="C16b",
        title="before, one write of 1 MB of Endpoints keeps a server of 64 cores busy for 4 to 5 s",
        kind="M",
        source="k/k#75294 (2019-03), KEP-1152",
        stated="5,000 watches of Endpoints, one object of about 1 MB created, 64 cores",
        setup="encode-endpoints",
        figures=(order("server busy", "ns", 4.5 * SECOND, _busy),),
        assumes=("All cores encode, and do nothing else.",),
    ),
    Claim(
        id="C17",
        title="8 changes a second of an Endpoints object with 400 addresses take more than 60 cores",
        kind="M",
        source="k/k#58050 (2018-01), Kubernetes 1.9",
        stated=f"5,000 nodes, one object of 400 addresses patched 8 times a second, {CORES} cores",
        setup="encode-endpoints",
        figures=(order("cores asked for", "cores", 60, _cores),),
        assumes=(
            "The object has about 50 KB; its size was not published.",
            "60 cores is a lower bound: the machine had 64, and could not keep up.",
        ),
    ),
    Claim(
        id="C18",
        title="shared encoding takes 5 % of CPU and 15 % of allocations off an API server on average",
        kind="M",
        source="KEP-1152, k/k#81914 (2019-08)",
        stated="the scalability test of 5,000 nodes, Kubernetes 1.17",
        setup=None,
        figures=(),
        not_reproducible=(
            "the share follows from how often objects that many clients watch change, and from all the other"
            " work of the server; neither was published for that test. Allocations are not executed here."
        ),
    ),
    Claim(
        id="E1",
        title="protobuf takes a tenth of the CPU of JSON, and half of the bytes",
        kind="M",
        source="kubernetes/design-proposals-archive, api-machinery/protobuf.md; quoted in istio/istio#44848",
        stated="experiments with serializing and deserializing, 2015; objects not named",
        setup="encode-formats",
        figures=(
            order("JSON to protobuf, bytes", "x", 2, _larger),
            order("JSON to protobuf, time to encode", "x", 10, _slower),
        ),
        provenance="measured",
        assumes=(
            "Fields of 16 bytes of text under names of the core API: shorter fields make JSON longer.",
            "Encoding alone, by loops without reflection or allocations, not decoding.",
        ),
        timed=True,
    ),
)
