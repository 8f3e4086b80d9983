"""Objects as `kubectl get -o json` shows them, made up but of real shape and size."""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

Made = dict[str, Any]

BORN = 1_780_000_000  # Unix seconds of the first pod
EVERY = 40  # seconds from pod to pod
PER_APP = 20  # pods
APPS_PER_NAMESPACE = 10
ZONES = ("eu-1a", "eu-1b", "eu-1c")


def time(second: int) -> str:
    """Return a time as Kubernetes writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node(number: int, images: int = 48) -> Made:
    """Return a node of about 15 KB."""
    name = f"worker-{number:05d}"
    reasons = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
    amounts = {
        "cpu": "32",
        "ephemeral-storage": "102350Mi",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": "131072Mi",
        "pods": "110",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "csi.volume.kubernetes.io/nodeid": '{"x":"y"}',
            },
            "creationTimestamp": time(BORN - 1000 + number),
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "m5.8xlarge",
                "topology.kubernetes.io/zone": ZONES[number % 3],
                "pool": "gpu" if number % 10 == 0 else "general",
            },
            "managedFields": [managed("kubelet", f"10.{number % 256}.0.1", 40)],
            "name": name,
            "resourceVersion": str(1000 + number),
            "uid": f"00000000-0000-4000-8000-{number:012d}",
        },
        "spec": {
            "podCIDR": f"10.{number % 256}.0.0/24",
            "providerID": f"cloud:///eu/{name}",
            **(
                {"taints": [{"effect": "NoSchedule", "key": "dedicated", "value": "gpu"}]}
                if number % 10 == 0
                else {}
            ),
        },
        "status": {
            "addresses": [
                {"address": "10.0.0.1", "type": "InternalIP"},
                {"address": name, "type": "Hostname"},
            ],
            "allocatable": amounts
            | ({"nvidia.com/gpu": "8"} if number % 10 == 0 else {})
            | {"cpu": "31850m"},
            "capacity": amounts,
            "conditions": [
                {
                    "lastHeartbeatTime": time(BORN + 10_000_000 + number % 10),
                    "lastTransitionTime": time(BORN),
                    "message": "kubelet has no trouble of this kind",
                    "reason": "Kubelet" + reason,
                    "status": "True" if reason == "Ready" else "False",
                    "type": reason,
                }
                for reason in reasons
            ],
            "images": [
                {
                    "names": [
                        f"registry.example.com/team-{i}/service-{i}@sha256:{i:064x}",
                        f"registry.example.com/team-{i}/service-{i}:v1.{i}.0",
                    ],
                    "sizeBytes": 10_000_000 + i,
                }
                for i in range(images)
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "containerRuntimeVersion": "containerd://1.7.2",
                "kubeletVersion": "v1.33.4-eks-1",
                "operatingSystem": "linux",
            },
        },
    }


def pod(number: int) -> Made:
    """Return a pod of about 7 KB, of an app of twenty, with a sidecar."""
    app = number // PER_APP
    namespace = f"team-{app // APPS_PER_NAMESPACE}"
    name = f"app-{app}-{number:x}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "annotations": {"example.com/config": '{"a": [1, 2], "b": "x\\y"}', "note": "Grüße, 世界"},
            "creationTimestamp": time(BORN + EVERY * number),
            "generateName": f"app-{app}-",
            "labels": {"app": f"app-{app}", "pod-template-hash": f"{app:x}"},
            "managedFields": [
                managed("kube-controller-manager", "pod-template-hash", 24),
                managed("kubelet", "containerStatuses", 12),
            ],
            "name": name,
            "namespace": namespace,
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "blockOwnerDeletion": True,
                    "controller": True,
                    "kind": "ReplicaSet",
                    "name": f"app-{app}",
                    "uid": f"00000000-0000-4000-9000-{app:012d}",
                }
            ],
            "resourceVersion": str(5000 + number),
            "uid": f"00000000-0000-4000-a000-{number:012d}",
        },
        "spec": {
            "affinity": _affinity(app),
            "containers": [
                _container(i, f"{100 * (1 + app % 40)}m", f"{128 * (1 + app % 7)}Mi") for i in range(2)
            ],
            "initContainers": [_container(9, "50m", "64Mi")],
            "nodeName": f"worker-{number % 1000:05d}",
            "nodeSelector": {"pool": "general"},
            "schedulerName": "default-scheduler",
            "tolerations": [
                {
                    "effect": "NoExecute",
                    "key": f"node.kubernetes.io/{key}",
                    "operator": "Exists",
                    "tolerationSeconds": 300,
                }
                for key in ("not-ready", "unreachable")
            ],
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
            ],
            "volumes": [{"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": []}}],
        },
        "status": {
            "conditions": [
                {"lastProbeTime": None, "lastTransitionTime": time(BORN), "status": "True", "type": one}
                for one in (
                    "PodReadyToStartContainers",
                    "Initialized",
                    "Ready",
                    "ContainersReady",
                    "PodScheduled",
                )
            ],
            "containerStatuses": [
                {
                    "containerID": f"containerd://{number:064x}",
                    "image": f"registry.example.com/app-{app}:v1",
                    "imageID": f"registry.example.com/app-{app}@sha256:{app:064x}",
                    "name": f"container-{i}",
                    "ready": True,
                    "restartCount": 0,
                    "started": True,
                    "state": {"running": {"startedAt": time(BORN + EVERY * number)}},
                }
                for i in range(2)
            ],
            "phase": "Running",
            "podIP": "10.1.2.3",
            "qosClass": "Burstable",
        },
    }


def lease(number: int) -> Made:
    """Return the lease of a node."""
    name = f"worker-{number:05d}"
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"creationTimestamp": time(BORN), "name": name, "namespace": "kube-node-lease"},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": 40,
            "renewTime": time(BORN)[:-1] + ".123456Z",
        },
    }


def widget(number: int) -> Made:
    """Return a custom resource."""
    return {
        "apiVersion": "acme.example.com/v1",
        "kind": "Factory",
        "metadata": {"creationTimestamp": time(BORN), "name": f"factory-{number}", "namespace": "team-0"},
        "spec": {"size": number, "ratio": 0.25, "on": True, "off": False},
    }


def managed(manager: str, key: str, count: int) -> Made:
    """Return who set which fields."""
    fields: Made = {
        f'k:{{"name":"{key}-{i}"}}': {".": {}, "f:image": {}, "f:name": {}, "f:value": {}}
        for i in range(count)
    }
    return {
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {"f:containers": fields}},
        "manager": manager,
        "operation": "Update",
        "time": "2026-05-01T00:00:00Z",
    }


def mixed(nodes: int, pods: int) -> list[Made]:
    """Return nodes, their leases, pods and a few custom resources."""
    return [
        *map(node, range(nodes)),
        *map(lease, range(nodes)),
        *map(pod, range(pods)),
        *map(widget, range(3)),
    ]


def as_list(objects: Sequence[Made]) -> bytes:
    """Return what `kubectl get` prints: a v1.List, keys in order, four blanks a level."""
    whole = {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {"resourceVersion": ""}}
    return json.dumps(whole, indent=4, ensure_ascii=False).encode() + b"\n"


def as_answer(objects: Sequence[Made], kind: str, api_version: str = "v1") -> bytes:
    """Return what the API server answers: a PodList, its items without kind."""
    bare = [{key: one[key] for key in one if key not in {"kind", "apiVersion"}} for one in objects]
    whole = {"kind": kind, "apiVersion": api_version, "metadata": {"resourceVersion": "12"}, "items": bare}
    return json.dumps(whole, separators=(",", ":")).encode()


def as_lines(objects: Sequence[Made]) -> bytes:
    """Return an object a line."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def packed(data: bytes) -> bytes:
    """Return *data* as gzip, the same on any day."""
    return gzip.compress(data, mtime=0)


def compact_list(pods: int) -> Iterator[bytes]:
    """Yield the pieces of a list of pods without blanks, which has most to parse in a gigabyte."""
    yield b'{"apiVersion":"v1","items":['
    for number in range(pods):
        text = json.dumps(pod(number), separators=(",", ":"), ensure_ascii=False)
        yield ("," if number else "").encode() + text.encode()
    yield b'],"kind":"List","metadata":{"resourceVersion":""}}\n'


def _container(number: int, cpu: str, memory: str) -> Made:
    """Return a container."""
    return {
        "env": [{"name": f"SETTING_{i}", "value": f"value of the setting {i}"} for i in range(8)],
        "image": "registry.example.com/app:v1",
        "imagePullPolicy": "IfNotPresent",
        "name": f"container-{number}",
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "resources": {"limits": {"memory": memory}, "requests": {"cpu": cpu, "memory": memory}},
        "terminationMessagePath": "/dev/termination-log",
        "volumeMounts": [
            {
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "name": "kube-api-access",
                "readOnly": True,
            }
        ],
    }


def _affinity(app: int) -> Made:
    """Return rules: every second app must be in one of two zones, every third would like one."""
    rules: Made = {}
    if app % 2 == 0:
        within = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": list(ZONES[:2])}
        rules["requiredDuringSchedulingIgnoredDuringExecution"] = {
            "nodeSelectorTerms": [{"matchExpressions": [within]}]
        }
    if app % 3 == 0:
        like = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [ZONES[0]]}
        rules["preferredDuringSchedulingIgnoredDuringExecution"] = [
            {"preference": {"matchExpressions": [like]}, "weight": 10}
        ]
    return {"nodeAffinity": rules} if rules else {}
