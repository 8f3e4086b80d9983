"""The example workflows call commands and options that exist; the example policy judges smoke."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from command import kscale

from kscale.cli.app import app

EXAMPLES = Path(__file__).parents[1] / "examples"
README = EXAMPLES.parent / "README.md"
WORKFLOWS = sorted(path for path in EXAMPLES.glob("*.yml"))


def lines(node: Any) -> Iterator[str]:  # noqa: ANN401 - whatever the YAML holds
    """Return every text of a workflow, line by line, continued lines joined."""
    if isinstance(node, dict):
        for value in node.values():
            yield from lines(value)
    elif isinstance(node, list):
        for value in node:
            yield from lines(value)
    elif isinstance(node, str):
        yield from node.replace("\\\n", " ").splitlines()


def calls(path: Path) -> list[list[str]]:
    """Return the arguments of each kscale command in a workflow."""
    found = lines(yaml.safe_load(path.read_text(encoding="utf-8")))
    return [shlex.split(line)[1:] for line in found if re.match(r"\S*bin/kscale ", line)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    """Each kscale command in a workflow parses: command, options, and values that options need."""
    commands: Any = typer.main.get_command(app)
    asked = calls(path)
    assert {args[0] for args in asked} == {"doctor", "run", "gate", "report"}
    for args in asked:
        command = commands.commands[args[0]]
        command.make_context(args[0], args[1:])


def test_both_workflows_say_the_same() -> None:
    """GitHub's and GitLab's twins run the same commands; only annotations are GitHub's own."""
    both = [[[arg for arg in args if arg != "--github"] for args in calls(path)] for path in WORKFLOWS]
    assert len(both) == 2
    assert both[0] == both[1]


def test_the_policies_judge_smoke(tmp_path: Path) -> None:
    """Each rule, requirement and ack of the example and of the README finds something in a timed smoke."""
    assert kscale(tmp_path, "run", "smoke", "--quick", "--save", "main", "-q").code == 0
    ran = kscale(tmp_path, "gate", "main", "main", "--policy", str(EXAMPLES / "kscale-gate.yaml"))
    assert ran.code == 0, ran.err
    assert "2 as required" in ran.out
    (block,) = re.findall(r"```yaml\n(schema: kscale.policy/1.*?)```", README.read_text("utf-8"), re.DOTALL)
    (tmp_path / "kscale-gate.yaml").write_text(block, encoding="utf-8")
    ran = kscale(tmp_path, "gate", "main", "main")
    assert ran.code == 0, ran.err
    assert "1 as required" in ran.out
