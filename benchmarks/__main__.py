"""Print every figure of design section 10 beside its bar: python -m benchmarks [PART ...].

Ratios are taken in one process, side by side; absolute times are of this machine and its
mood. Exit code 1 if a figure misses its bar. What takes minutes, ablate, is measured only if named.
"""

import sys

from kscale.measure import machine

machine.use_jit_cache()  # before numba is imported

from benchmarks import (  # noqa: E402
    clusterwide,
    command,
    freelist,
    gate,
    growth,
    imports_etcd,
    imports_kubectl,
    scheduling,
    serving,
    sweeps,
    watching,
)

PARTS = {
    "scheduling": scheduling.figures,
    "freelist": freelist.figures,
    "watching": watching.figures,
    "serving": serving.figures,
    "growth": growth.figures,
    "imports-etcd": imports_etcd.figures,
    "imports-kubectl": imports_kubectl.figures,
    "clusterwide": clusterwide.figures,
    "limit": clusterwide.searches,
    "sweeps": sweeps.figures,
    "gate": gate.figures,
    "command": command.figures,
}
BY_NAME = {"ablate": clusterwide.ablations}  # minutes: only where asked for


def main(wanted: list[str]) -> int:
    """Print the parts asked for, or all; return 1 if a bar is missed."""
    missed = 0
    facts = machine.facts()
    print(f"{facts.cpu_model}, {facts.cores_logical} cores, Python {facts.python}, numba {facts.numba}")
    print(f"{'figure':66} {'bar':>12} {'measured':>12}")
    for name, figures in (PARTS | BY_NAME).items():
        if name not in (wanted or PARTS):
            continue
        for figure in figures():
            missed += not figure.reached
            print(figure.line(), flush=True)
    print(f"{missed} missed" if missed else "every bar is reached")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
