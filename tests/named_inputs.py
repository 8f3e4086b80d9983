"""A file of each format in which every name is one of a kind, so that it can be looked for afterwards."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import audit_logs
import kubectl_objects
import msgpack
import yaml
from reference import bbolt

MARK = "zq"  # part of every name
ADDRESS = "10.77.66.55"
GROUP = "zqwidgets.zqcorp.example"

NODES, PODS, STORE = "nodes.json", "pods.json.gz", "snapshot.db"
METRICS, MANIFEST, AUDIT, TRACE, OPENB = (
    "metrics.prom",
    "apiserver.yaml",
    "audit.log",
    "zq.sktrace",
    "openb.csv",
)


def write(folder: Path) -> dict[str, Path]:
    """Write a file of each format into *folder*; return them by name."""
    nodes, pods = [_node(i) for i in range(12)], [_pod(i) for i in range(60)]
    data = {
        NODES: kubectl_objects.as_list(nodes),
        PODS: kubectl_objects.packed(kubectl_objects.as_lines([*pods, *(_widget(i) for i in range(5))])),
        STORE: bbolt.write(bbolt.etcd(_changes()), gaps=(0, 1, 3), hashed=True),
        METRICS: _metrics().encode(),
        MANIFEST: yaml.safe_dump(_manifest()).encode(),
        AUDIT: b"".join(json.dumps(one).encode() + b"\n" for one in _events()),
        TRACE: _trace(),
        OPENB: b"sn,cpu_milli,memory_mib,gpu,model\nzq-openb-1,32000,65536,2,ZQ900\nzq-2,64000,65536,0,\n",
    }
    for name, content in data.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in data}


def strings() -> set[str]:
    """Return every string of these files: keys and values, alone and as they are put together."""
    trees: list[object] = [
        [_node(i) for i in range(12)],
        [_pod(i) for i in range(60)],
        [_widget(i) for i in range(5)],
        _manifest(),
        list(_events()),
        msgpack.unpackb(_trace()),
        [part for key, _ in _changes() for part in key.decode().split("/")],
        _metrics().replace('"', " ").replace("{", " ").split(),
    ]
    return {text for tree in trees for text in _strings(tree)}


def _strings(tree: object) -> Iterator[str]:
    """Yield all strings of a tree."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _strings(key)
            yield from _strings(value)
    elif isinstance(tree, list | tuple):
        for one in tree:
            yield from _strings(one)


def _node(number: int) -> dict[str, Any]:
    """Return a node with a label, a taint and a resource of its owner's."""
    name = f"zq-machine-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "annotations": {"zqcorp.example/rack": f"zqrack-{number}"},
            "creationTimestamp": "2026-10-01T00:00:00Z",
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "topology.kubernetes.io/zone": f"zqzone-{number % 3}",
                "zqcorp.example/pool": f"zqpool-{number % 2}",
                "zqcorp.example/unasked": "zqnobody",
            },
            "name": name,
            "uid": f"zquid-{number}",
        },
        "spec": {
            "providerID": f"zqcloud://{name}",
            "taints": [{"key": "zqcorp.example/dedicated", "value": "zqteam", "effect": "NoSchedule"}],
        },
        "status": {
            "addresses": [{"address": ADDRESS, "type": "InternalIP"}],
            "allocatable": {"cpu": "32", "memory": "64Gi", "pods": "110", "zqcorp.example/fpga": "4"},
            "images": [{"names": [f"zqregistry.example/zqimage:{number}"], "sizeBytes": 1}],
            "nodeInfo": {"kubeletVersion": "v1.33.1-zqbuild.2"},
        },
    }


def _pod(number: int) -> dict[str, Any]:
    """Return a pod that asks for that label, resource and zone, and tolerates that taint."""
    app = f"zqapp-{number // 10}"
    asked = {"cpu": "500m", "memory": "1Gi", "zqcorp.example/fpga": "1"}
    like = {"key": "zqcorp.example/pool", "operator": "In", "values": ["zqpool-1"]}
    within = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["zqzone-0", "zqzone-1"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "creationTimestamp": f"2026-10-02T00:{number:02d}:00Z",
            "labels": {"app": app},
            "name": f"{app}-{number:x}",
            "namespace": f"zqspace-{number % 4}",
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": app, "uid": f"zquid-{app}", "controller": True}
            ],
            "uid": f"zquid-pod-{number}",
        },
        "spec": {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [within]}]
                    },
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"preference": {"matchExpressions": [like]}, "weight": 5}
                    ],
                }
            },
            "containers": [
                {"image": "zqregistry.example/zqimage", "name": "zqmain", "resources": {"requests": asked}}
            ],
            "nodeName": f"zq-machine-{number % 12}",
            "nodeSelector": {"zqcorp.example/pool": f"zqpool-{number % 2}"},
            "serviceAccountName": "zqaccount",
            "tolerations": [{"key": "zqcorp.example/dedicated", "operator": "Equal", "value": "zqteam"}],
        },
        "status": {"phase": "Running", "podIP": ADDRESS},
    }


def _widget(number: int) -> dict[str, Any]:
    """Return a custom resource."""
    return {
        "apiVersion": "zqcorp.example/v1",
        "kind": "ZqWidget",
        "metadata": {
            "name": f"zqwidget-{number}",
            "namespace": "zqspace-0",
            "creationTimestamp": "2026-10-01T00:00:00Z",
        },
        "spec": {"zqfield": "zqvalue"},
    }


def _changes() -> list[bbolt.Change]:
    """Return what is written into the store, values that must never be read among them."""
    return [
        *((b"/registry/pods/zqspace-1/zqapp-%d" % i, b"zqsecretvalue" * 50) for i in range(70)),
        *((b"/registry/minions/zq-machine-%d" % i, b"zqsecretvalue" * 90) for i in range(12)),
        *((b"/registry/zqcorp.example/zqwidgets/zqspace-0/one-%d" % i, b"zqsecretvalue") for i in range(5)),
        (b"/registry/zqwidgets/zqspace-0/zqold", b"zqsecretvalue"),
        (b"/zqother/zqthing", b"zqsecretvalue"),
    ]


def _metrics() -> str:
    """Return metrics of an API server that speak of a custom resource."""
    return (
        "# HELP apiserver_storage_objects Number of stored objects\n# TYPE apiserver_storage_objects gauge\n"
        'apiserver_storage_objects{resource="pods",instance="zqserver-1:6443",cluster="zqcluster"} 75\n'
        f'apiserver_storage_objects{{resource="{GROUP}",instance="zqserver-1:6443",cluster="zqcluster"}} 6\n'
        "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1790000000\n"
        "# TYPE apiserver_request_total counter\n"
        'apiserver_request_total{verb="LIST",resource="pods",code="200",component="apiserver"} 86400\n'
        'apiserver_request_total{verb="LIST",resource="zqwidgets",group="zqcorp.example",code="200"} 3600\n'
        "# TYPE apiserver_longrunning_requests gauge\n"
        'apiserver_longrunning_requests{verb="WATCH",resource="pods",scope="cluster"} 60\n'
        'apiserver_longrunning_requests{verb="WATCH",resource="zqwidgets",group="zqcorp.example"} 7\n'
    )


def _manifest() -> dict[str, Any]:
    """Return a static pod of an API server."""
    flags = [
        f"--advertise-address={ADDRESS}",
        f"--etcd-servers=https://zqetcd-1:2379,https://zqetcd-2:2379,https://{ADDRESS}:2379",
        "--etcd-servers-overrides=/events#https://zqetcd-9:2379,zqcorp.example/zqwidgets#https://zqetcd-8:2379",
        "--goaway-chance=0.001",
        "--service-account-issuer=https://zqissuer.example",
        "--zq-made-up-flag=zqflagvalue",
        "--feature-gates=ZqMadeUpGate=true",
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "kube-apiserver-zq-machine-0",
            "namespace": "kube-system",
            "labels": {"zqtier": "zqplane"},
        },
        "spec": {
            "containers": [
                {
                    "name": "kube-apiserver",
                    "image": "zqregistry.example/kube-apiserver:v1.33.1",
                    "command": ["kube-apiserver", *flags],
                }
            ]
        },
    }


def _events() -> Iterator[dict[str, Any]]:
    """Yield requests of named users for named things."""
    for second in range(40):
        more = {
            "user": {"username": f"zquser-{second % 3}", "groups": ["zqgroup"]},
            "userAgent": "zqagent/v1.0",
            "sourceIPs": [ADDRESS],
        }
        yield audit_logs.event("list", "pods", second, **more)
        ref = {
            "resource": "zqwidgets",
            "apiGroup": "zqcorp.example",
            "namespace": "zqspace-1",
            "name": "zqwidget-1",
        }
        yield audit_logs.event("update", "zqwidgets", second + 0.5, **more | {"objectRef": ref})


def _trace() -> bytes:
    """Return a trace of SimKube with named things."""
    objects = [_pod(i) | {"status": {}} for i in range(6)] + [_widget(1)]
    trace = {
        "version": 2,
        "config": {"trackedObjects": {"v1.Pod": {}, "zqcorp.example/v1.ZqWidget": {}}},
        "events": [{"ts": 1_700_000_000, "applied_objs": objects, "deleted_objs": []}],
        "index": {},
        "pod_lifecycles": {},
    }
    return bytes(msgpack.packb(trace))
