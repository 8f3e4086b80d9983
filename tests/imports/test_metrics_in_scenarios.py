"""What metrics and audit logs say is what scenarios and mechanisms take."""

from typing import Any

import audit_logs
import metrics_files
import pytest
from pydantic import TypeAdapter

from kscale.imports import settings
from kscale.imports.facts import Facts
from kscale.mechanisms.registry import MECHANISMS

PARAMS: dict[str, Any] = {one.id: one.params for one in MECHANISMS}
METRICS = sorted(path.name for path in metrics_files.FOLDER.iterdir() if path.suffix in {".prom", ".json"})


def facts_of_each() -> list[Facts]:
    """Return the facts of every recorded file that can be read."""
    found = [metrics_files.facts_of(name) for name in METRICS if name != "query-error.json"]
    return [*found, audit_logs.facts_of("audit.jsonl")]


@pytest.mark.parametrize("facts", facts_of_each(), ids=lambda facts: facts.source.name)
def test_scenarios_take_every_value(facts: Facts) -> None:
    for one in facts.values:
        assert settings.taken(one) is not None, one


@pytest.mark.parametrize("facts", facts_of_each(), ids=lambda facts: facts.source.name)
def test_mechanisms_take_their_parameters(facts: Facts) -> None:
    for one in facts.values:
        prefix, *rest = one.key.split(".")
        if prefix == "mechanisms":
            mechanism, param = rest
            made = TypeAdapter(PARAMS[mechanism]).validate_python({param: one.value})
            assert getattr(made, param) == one.value or isinstance(one.value, str)


def test_parameters_are_emitted_at_all() -> None:
    found = {
        one.key for facts in facts_of_each() for one in facts.values if one.key.startswith("mechanisms.")
    }
    assert len(found) >= 10
