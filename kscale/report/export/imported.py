"""What an import read, as JSON (kscale.import/1).

schema    "kscale.import/1"
kscale    version that wrote it
files     written: the scenario, then its columns if there are any
holds     nodes, pods and objects in the columns
sources   each with
    format, name (as it was given), bytes, taken (UTC; null: it does not say)
    read, dropped, assumed   sentences
values    by key: value, how, format, estimate (worked out, not read)
dropped, assumed             sentences on what came of all sources together
contradictions   each with subject, why and sides: shown, name, format, when, dated (else it is the
                 file's date), estimate, used
also      sentences on what was read and is used by nothing yet
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from kscale import __version__
from kscale.imports.contradictions import Contradiction
from kscale.imports.facts import Facts
from kscale.imports.write import Imported
from kscale.report.export.documents import dumps

SCHEMA: Final = "kscale.import/1"


def json(imported: Imported, written: Sequence[Path]) -> str:
    """Return the document, a line."""
    merged, recorded = imported.merged, imported.recorded
    tree = {
        "schema": SCHEMA,
        "kscale": __version__,
        "files": [str(path) for path in written],
        "holds": {
            "nodes": recorded.node_count,
            "pods": recorded.pod_count,
            "objects": recorded.object_count,
        },
        "sources": [_source(facts) for facts in merged.sources],
        "values": {
            key: {
                "value": one.value,
                "how": one.how,
                "format": merged.origins.get(key),
                "estimate": one.estimate,
            }
            for key, one in sorted(merged.values.items())
        },
        "dropped": list(merged.dropped),
        "assumed": list(merged.assumed),
        "contradictions": [_contradiction(one) for one in merged.contradictions],
        "also": list(merged.also),
    }
    return dumps(tree) + "\n"


def _source(facts: Facts) -> dict[str, Any]:
    """Return one source."""
    source = facts.source
    return {
        "format": source.format,
        "name": source.name,
        "bytes": source.bytes,
        "taken": None if source.taken is None else source.taken.isoformat(),
        "read": list(facts.read),
        "dropped": list(facts.dropped),
        "assumed": list(facts.assumed),
    }


def _contradiction(one: Contradiction) -> dict[str, Any]:
    """Return one contradiction; the first side is the one that is used."""
    return {
        "subject": one.subject,
        "why": one.why,
        "sides": [
            {
                "shown": side.shown,
                "name": side.source.name,
                "format": side.source.format,
                "when": side.when.isoformat(),
                "dated": side.dated,
                "estimate": side.estimate,
                "used": number == 0,
            }
            for number, side in enumerate(one.sides)
        ],
    }
