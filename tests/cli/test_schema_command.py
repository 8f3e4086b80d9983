"""The committed schemas say what the code reads."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest

from kscale.cli import app
from kscale.cli.schema import Schema

SCHEMAS = Path(__file__).parents[2] / "schemas"
WORDED_BY = (2, 14)  # the pydantic that wrote them; an older one says the same in other words


def names(schema: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Return every property of a schema, with where it is."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from (f"{at}.{name}" for name in value)
            yield from names(value, f"{at}.{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from names(value, f"{at}[{number}]")


@pytest.mark.parametrize("which", Schema)
def test_the_committed_schema_is_that_of_the_code(which: Schema, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails and is meant: kscale schema NAME > schemas/NAME.schema.json."""
    assert app.main(["schema", which]) == 0
    printed = json.loads(capsys.readouterr().out)
    kept = json.loads((SCHEMAS / f"{which}.schema.json").read_text(encoding="utf-8"))
    assert sorted(names(printed)) == sorted(names(kept))
    if tuple(map(int, pydantic.VERSION.split(".")[:2])) >= WORDED_BY:
        assert printed == kept


def test_every_committed_schema_is_printed() -> None:
    """And no other."""
    assert {path.name for path in SCHEMAS.iterdir()} == {f"{which}.schema.json" for which in Schema}


@pytest.mark.parametrize("which", [Schema.SCENARIO, Schema.POLICY])
def test_every_key_of_a_file_people_write_is_explained(which: Schema) -> None:
    """An editor that reads the schema can say what a key is for."""
    kept = json.loads((SCHEMAS / f"{which}.schema.json").read_text(encoding="utf-8"))
    silent = [
        f"{place}.{key}"
        for place, one in {"": kept, **kept["$defs"]}.items()
        for key, value in one.get("properties", {}).items()
        if "description" not in value and "$ref" not in value
    ]
    assert silent == []
