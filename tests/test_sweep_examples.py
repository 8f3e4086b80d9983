"""The examples of sweeps: their commands exist, and a job array gives what one machine would have."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from command import environment, kscale

from kscale.cli.app import app
from kscale.results.record import Result
from kscale.results.store import Store

EXAMPLES = Path(__file__).parents[1] / "examples" / "sweeps"
DOCS = EXAMPLES.parents[1] / "docs" / "sweeps.md"
OWN = {"id", "name", "started", "seconds", "argv", "peak_rss_bytes"}  # of a run, whatever it ran


def calls(path: Path) -> list[list[str]]:
    """Return the arguments of each kscale command in a file, continued lines joined."""
    text = re.sub(r"\\\n\s*|\n\s*(?=--)", " ", path.read_text(encoding="utf-8"))
    found = re.findall(r"(?:^|run: |exec |wrap ')\s*#?\s*(kscale [a-z][^'#\n]*)", text, re.MULTILINE)
    return [shlex.split(line.replace("$SLURM_CPUS_PER_TASK", "2"))[1:] for line in found]


@pytest.mark.parametrize("path", [*sorted(EXAMPLES.iterdir()), DOCS], ids=lambda path: path.name)
def test_commands_of_sweeps_exist(path: Path) -> None:
    """Each parses: command, options, and values that options need."""
    commands: Any = typer.main.get_command(app)
    asked = calls(path)
    assert {"sweep"} <= {args[0] for args in asked} <= {"sweep", "merge", "plot", "show", "run"}
    for args in asked:
        commands.commands[args[0]].make_context(args[0], args[1:], resilient_parsing=False)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.y*ml")), ids=lambda path: path.name)
def test_there_is_a_job_for_each_shard(path: Path) -> None:
    """As many as the shards they name."""
    (*_, last) = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    if "jobs" in last:
        matrix = last["jobs"]["shard"]["strategy"]["matrix"]["shard"]
        assert matrix == list(range(1, len(matrix) + 1))
        assert last["jobs"]["shard"]["env"]["SHARD"].endswith("/${{ strategy.job-total }}")
    else:
        job, (container,) = last["spec"], last["spec"]["template"]["spec"]["containers"]
        (shards,) = [int(one["value"]) for one in container["env"] if one["name"] == "SHARDS"]
        assert (job["completionMode"], job["completions"]) == ("Indexed", shards)


def array(folder: Path, number: int, of: int, *args: str) -> None:
    """Run a task of the job array."""
    binary = Path(sys.executable).parent
    told = {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": str(of), "SLURM_CPUS_PER_TASK": "1"}
    subprocess.run(
        ["/bin/bash", str(EXAMPLES / "slurm.sh"), *args],
        cwd=folder,
        env=environment(**told, PATH=f"{binary}{os.pathsep}{os.environ['PATH']}"),
        check=True,
        timeout=240,
        capture_output=True,
    )


def compared(result: Result) -> dict[str, Any]:
    """Return a result without what two calls differ in: ids, times, and what the machine did meanwhile."""
    tree = result.model_dump(exclude={"run": OWN, "load": True, "cells": True})
    return tree | {"cells": [cell.model_copy(update={"seconds": 0.0}) for cell in result.cells]}


def test_a_job_array_gives_what_one_machine_would_have(tmp_path: Path) -> None:
    """Shards, put together, are the sweep: the same cells in their order, and all that is told of them."""
    asked = (
        "smoke",
        "--over",
        "etcd-freelist.free_pages=100,200,300",
        "--set",
        "etcd-freelist.transactions=20",
    )
    for number in (2, 1):
        array(tmp_path, number, 2, *asked)
    merged = kscale(tmp_path, "merge", "shards/shard-1.json", "shards/shard-2.json", "--save", "merged")
    assert merged.code == 0, merged.err
    assert kscale(tmp_path, "sweep", *asked, "--workers", "1", "--save", "whole", "-q").code == 0
    kept = Store(tmp_path / "results")
    assert compared(kept.load("merged")) == compared(kept.load("whole"))
    assert len(kept.load("merged").cells) == 3
