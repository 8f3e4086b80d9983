"""A policy file to its model; every complaint is one line: file:line: key: what, what is allowed."""

from pathlib import Path

from pydantic import ValidationError

from kscale.errors import KscaleError
from kscale.judge.policy import Policy, PolicySpec
from kscale.scenario import document

FILE = "kscale-gate.yaml"  # read from the current folder if no other is named
LEAST = "the least policy is one line: schema: kscale.policy/1"


def load(path: Path | None = None) -> Policy:
    """Return the policy of a file; without one, of kscale-gate.yaml here, else the built-in defaults.

    KscaleError, in one line that names file, line and key, if it cannot be read.
    """
    if path is None:
        path = Path(FILE)
        if not path.exists():
            return Policy(PolicySpec())
    if not path.exists():
        raise KscaleError(f"{path}: no such file; without --policy {FILE} is read, if there is one here")
    return parse(document.read(path, str(path)), str(path))


def parse(data: bytes, where: str) -> Policy:
    """Return the policy in *data*; *where* names it in complaints."""
    tree = document.tree(data, where, LEAST)
    try:
        spec = PolicySpec.model_validate(tree.value)
    except ValidationError as error:
        raise document.first(error, where, tree.lines) from error
    return Policy(spec, where, tree.lines)
