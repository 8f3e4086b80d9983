"""Runs of kernels with a mistake in them, without the compiler: what each ends with is printed as JSON.

Started by test_books.py with NUMBA_DISABLE_JIT=1, so that a changed function takes the place of its own.
"""

import json
import sys
from pathlib import Path
from types import ModuleType

from kscale.clusterwide import size, toggles
from kscale.clusterwide.simulate import Asked, simulate
from kscale.errors import WrongAnswer
from kscale.kernels import cluster_etcds, cluster_loop, cluster_pods, cluster_requests
from kscale.scenario import build, load

MODULES = {
    one.__name__.rpartition(".")[2]: one
    for one in (cluster_etcds, cluster_loop, cluster_pods, cluster_requests)
}


def change(module: ModuleType, old: str, new: str) -> str:
    """Run a module's text in its own names, with *old* changed to *new*, which is there once."""
    assert module.__file__
    text = Path(module.__file__).read_text()
    assert text.count(old) == 1, f"{module.__name__} has {text.count(old)} times: {old}"
    exec(compile(text.replace(old, new), module.__file__, "exec"), module.__dict__)  # noqa: S102 - ours
    return text


def main() -> None:
    """Print what a run with each change ended with, "" if nobody noticed."""
    given = json.loads(sys.stdin.read())
    of = size.of(build.build(load.load(given["scenario"]).scenario))
    found = {}
    for name, (module, old, new) in {"none": ("cluster_loop", "", ""), **given["changes"]}.items():
        text = change(MODULES[module], old, new) if old else ""
        try:
            simulate(of, Asked(toggles.NONE, 0, duration_ns=given["duration_ns"]))
            found[name] = ""
        except WrongAnswer as error:
            found[name] = str(error)
        if text:
            exec(compile(text, "restored", "exec"), MODULES[module].__dict__)  # noqa: S102 - ours
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
