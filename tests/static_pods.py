"""Static pods of a control plane as the API server shows them."""

import kubectl_objects as made


def component(name: str, node: str, *flags: str, version: str = "v1.33.1") -> made.Made:
    """Return a static pod as the API server shows it."""
    program = name.removesuffix("-events")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "annotations": {"kubernetes.io/config.mirror": "0123"},
            "name": f"{name}-{node}",
            "namespace": "kube-system",
            "ownerReferences": [
                {"apiVersion": "v1", "controller": True, "kind": "Node", "name": node, "uid": node}
            ],
        },
        "spec": {
            "containers": [
                {"name": name, "image": f"registry/{program}:{version}", "command": [program, *flags]}
            ],
            "nodeName": node,
        },
        "status": {"phase": "Running"},
    }


def listed(*items: made.Made) -> made.Made:
    """Return a list."""
    return {"apiVersion": "v1", "kind": "List", "items": list(items)}
