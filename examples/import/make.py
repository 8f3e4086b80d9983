"""Make the small cluster of this folder: what `kscale import` is shown on.

Every 48th node and every 34th pod of the openb trace (Alibaba, 2023; see scenarios/traces), under
numbers in place of names. A real etcd is filled with their keys, lives through some heartbeats,
changes and compactions, and is saved by etcdctl; the values are empty bytes of a plausible length.
Beside it, the same nodes and pods as kubectl lists them. Run it where the `etcd` extra is installed:

    python examples/import/make.py
"""

import asyncio
import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kscale.calibrate import client, find, folder, process, wire
from kscale.scenario import shipped, trace

HERE = Path(__file__).parent
EVERY_NODE, EVERY_POD = 48, 34
ZONES = 3
ROUNDS, COMPACTED = 33, 6  # rounds of life; the past is forgotten after every so many
MIB = 2**20
BEGIN_DAY = 1  # of November 2026, on which the first pod is created
SERVICES = 40


def pods() -> list[trace.PodRow]:
    """Return the pods, in order of creation."""
    rows = trace.read_pods(_trace(trace.POD_LISTS["gpuspec33"]))[::EVERY_POD]
    return sorted(rows, key=lambda row: row.created_s)


def nodes() -> list[trace.NodeRow]:
    """Return the nodes."""
    return trace.read_nodes(_trace(trace.NODE_LIST))[::EVERY_NODE]


def _trace(name: str) -> Path:
    """Return a list of the trace."""
    return shipped.root() / trace.FOLDERS["openb"] / name


def node_object(number: int, row: trace.NodeRow) -> dict[str, object]:
    """Return a node as kubectl lists it."""
    labels = {
        "kubernetes.io/hostname": f"node-{number:03}",
        "topology.kubernetes.io/zone": f"zone-{number % ZONES}",
    }
    amounts = {"cpu": f"{row.cpu_milli}m", "memory": f"{row.memory_bytes // MIB}Mi", "pods": "110"}
    if row.gpu_milli:
        labels["gpu-model"] = row.model
        amounts["nvidia.com/gpu"] = str(row.gpu_milli // 1000)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": f"node-{number:03}",
            "labels": labels,
            "creationTimestamp": "2026-10-01T00:00:00Z",
        },
        "spec": {},
        "status": {
            "allocatable": amounts,
            "images": [{"names": [f"image-{image:02}"], "sizeBytes": 10**8 + image} for image in range(50)],
            "nodeInfo": {"kubeletVersion": "v1.31.4"},
        },
    }


def pod_object(number: int, row: trace.PodRow) -> dict[str, object]:
    """Return a pod as kubectl lists it; pods of a request are of one ReplicaSet."""
    asked = row.signature
    amounts = {"cpu": f"{asked.cpu_milli}m", "memory": f"{asked.memory_bytes // MIB}Mi"}
    if asked.gpus:
        amounts["nvidia.com/gpu"] = str(asked.gpus)
    spec: dict[str, object] = {"containers": [{"name": "main", "resources": {"requests": amounts}}]}
    if asked.models:
        term = {"key": "gpu-model", "operator": "In", "values": list(asked.models)}
        terms = {"nodeSelectorTerms": [{"matchExpressions": [term]}]}
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    hour, minute = divmod(number, 60)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"pod-{number:04}",
            "namespace": namespace(number),
            "creationTimestamp": f"2026-11-{BEGIN_DAY + hour // 24:02}T{hour % 24:02}:{minute:02}:00Z",
            "ownerReferences": [{"kind": "ReplicaSet", "controller": True, "uid": owner(row)}],
        },
        "spec": spec,
        "status": {"phase": "Running"},
    }


def namespace(number: int) -> str:
    """Return where a pod lives."""
    return f"space-{number % 12:02}"


def owner(row: trace.PodRow) -> str:
    """Return the ReplicaSet of a pod."""
    asked = row.signature
    parts = (asked.cpu_milli, asked.memory_bytes // MIB, asked.gpus, asked.gpu_milli, *asked.models)
    return "set-" + "-".join(map(str, parts))


def contents() -> Iterator[tuple[str, int]]:
    """Yield each key after /registry/ with the length of its value, as it first stands."""
    machines, running = nodes(), pods()
    for number in range(len(machines)):
        yield f"minions/node-{number:03}", 9_000 + 37 * (number % 40)
        yield f"leases/kube-node-lease/node-{number:03}", 520
    for number in range(len(running)):
        yield f"pods/{namespace(number)}/pod-{number:04}", 2_600 + 53 * (number % 50)
        yield f"events/{namespace(number)}/event-{number:04}", 700 + number % 90
    for number, name in enumerate(sorted({owner(row) for row in running})):
        yield f"replicasets/{namespace(number)}/{name}", 2_100
    for number in range(SERVICES):
        yield f"services/specs/{namespace(number)}/service-{number:02}", 900
        yield f"endpointslices/{namespace(number)}/service-{number:02}", 1_300
        yield f"configmaps/{namespace(number)}/config-{number:02}", 1_800
        yield f"secrets/{namespace(number)}/secret-{number:02}", 1_100
        yield f"example.com/widgets/{namespace(number)}/widget-{number:02}", 640


async def live(address: str) -> None:
    """Fill an etcd and let the cluster live in it: heartbeats, changes, events that come and go."""
    machines, running = len(nodes()), len(pods())
    async with client.connected(address) as etcd:
        last = await etcd.load((_key(key), bytes(size)) for key, size in contents())
        for turn in range(ROUNDS):
            beats = ((f"leases/kube-node-lease/node-{n:03}", 520) for n in range(machines))
            states = ((f"minions/node-{n:03}", 9_200 + 37 * (n % 40)) for n in range(turn % 6, machines, 6))
            changed = (
                (f"pods/{namespace(n)}/pod-{n:04}", 2_900 + 53 * (n % 50))
                for n in range(turn % 40, running, 40)
            )
            news = ((f"events/{namespace(n)}/event-{turn}-{n}", 760) for n in range(turn % 16, running, 16))
            for some in (beats, states, changed, news):
                last = await etcd.load((_key(key), bytes(size)) for key, size in some)
            gone = [
                wire.delete(_key(f"events/{namespace(n)}/event-{turn - 9}-{n}"))
                for n in range((turn - 9) % 16, running, 16)
            ]
            for first in range(0, len(gone) if turn >= 9 else 0, 100):  # noqa: PLR2004 - events live so many rounds
                last = wire.revision(await etcd.call(wire.TXN, wire.txn(deletes=gone[first : first + 100])))
            if turn % COMPACTED == COMPACTED - 1:
                await etcd.call(wire.COMPACT, wire.compact(last, physical=True))
            await asyncio.sleep(0.12)  # longer than a commit of etcd waits: each round is a transaction


def _key(path: str) -> bytes:
    """Return a key of etcd."""
    return f"/registry/{path}".encode()


def lists() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the text of each list of kubectl."""
    listed = {
        "nodes": [node_object(number, row) for number, row in enumerate(nodes())],
        "pods": [pod_object(number, row) for number, row in enumerate(pods())],
    }
    for name, items in listed.items():
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1)
        yield name, document.encode()


def main() -> None:
    """Write the snapshot and the two lists."""
    binary = find.find()
    etcdctl = binary.beside("etcdctl")
    if etcdctl is None:
        raise SystemExit("etcdctl is needed beside etcd")
    with folder.temporary(512 * MIB) as inside, process.running(binary, inside) as etcd:
        client.drive(live(etcd.address))
        target = HERE / "snapshot.db"
        target.unlink(missing_ok=True)
        save = [str(etcdctl), f"--endpoints={etcd.address}", "snapshot", "save", str(target)]
        subprocess.run(save, check=True)  # noqa: S603 - the binary beside the etcd that was found
    for name, document in lists():
        (HERE / f"{name}.json.gz").write_bytes(gzip.compress(document, mtime=0))


if __name__ == "__main__":
    main()
