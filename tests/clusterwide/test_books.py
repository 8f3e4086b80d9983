"""The books of a run are held against what is there: a kernel with a mistake in it is found by them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from made_sizes import S

SCENARIO = """\
name: made
profile: k8s-1.14
cluster:
  nodes: {count: 12, zones: 3}
  pods: {count: 120, apps: 10}
load: {pod_changes: 480/min}
"""

AFTER_CORE = "kind = slots[ref, cr.KIND]\n                path, wait"
LEAVES = "leave(stations[cr.AT_CPU], now)"
STORES = "rq.post(out_done[i] + rules[cr.ETCD_BACK_NS], cr.STORED_PUT, out_id[i], events, size)"
SEES = "rq.post(heard, cr.SEE, ref, events, size)"
TENTH = "counts[cr.EVENTS] % 10 == 0"
DEEP = " " * 20

CHANGES = {  # what is wrong -> module, its text, the text in its place
    "never leaves the cores": ("cluster_loop", LEAVES, "pass"),
    "never enters an etcd's log": ("cluster_etcds", "enter(stations[cr.AT_LOG + 2 * shard], time)", "pass"),
    "stays with its client": ("cluster_loop", "leave(stations[cr.AT_CLIENTS], now)", "pass"),
    "lost after its core": (
        "cluster_loop",
        AFTER_CORE,
        f"if {TENTH}:\n{DEEP}continue\n{DEEP[4:]}{AFTER_CORE}",
    ),
    "forgotten after its core": (
        "cluster_loop",
        AFTER_CORE,
        f"if {TENTH}:\n{DEEP}{LEAVES}; rq.drop(ref, slots, counts)\n{DEEP}continue\n{DEEP[4:]}{AFTER_CORE}",
    ),
    "stored twice": ("cluster_etcds", STORES, f"{STORES}; {STORES}"),
    "a pod is seen twice": ("cluster_loop", SEES, f"{SEES}; {SEES}"),
    "half of all pods are not bound": (
        "cluster_pods",
        "    row = rules[cr.KUBELETS]\n    sent = ",
        "    row = rules[cr.KUBELETS]\n    if pod % 2 == 0:\n        return\n    sent = ",
    ),
    "no kubelet hears of a pod": (
        "cluster_loop",
        "rq.post(heard, cr.ASSIGN, ref, events, size)",
        "pass",
    ),
    "a deleted pod stays": (
        "cluster_loop",
        "rq.post(heard + rules[cr.STOP_NS], cr.STOP, ref, events, size)",
        "pass",
    ),
    "nobody hears of Events": (
        "cluster_loop",
        "if requests[kind, ct.TYPE] < 0:",
        "if requests[kind, ct.TYPE] < 0 or kind == ct.EVENT:",
    ),
    "a seat is never given back": (
        "cluster_requests",
        "servers[server, cr.WRITES if requests[kind, ct.PATH] == ct.PUT else cr.READS] -= 1",
        "pass",
    ),
    "a heartbeat is forgotten": ("cluster_loop", "if kind != cr.NONE:", "if kind != cr.NONE and node % 2:"),
}


def test_every_mistake_in_a_kernel_is_found(tmp_path: Path) -> None:
    """What is right balances; each of these changes to the text of a kernel does not."""
    scenario = tmp_path / "made.yaml"
    scenario.write_text(SCENARIO)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "mutated_runs.py")],
        input=json.dumps({"scenario": str(scenario), "duration_ns": 4 * S, "changes": CHANGES}),
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("none") == ""
    assert [name for name, said in found.items() if not said.startswith("cluster: ")] == []
    assert found.keys() == CHANGES.keys()
