"""A calibration as a document: JSON, kscale.calibration/1 with its coefficients.

calibration   the section of the file, as calibrate/record.py has it
coefficients  by name: value, range, unit, above_goal (a family it is from has a larger error), partial (its
              experiment was cut off), profile (its value in the profile, null: it has none)
extends       the profile
written       the file; null if it could not be written
"""

from pathlib import Path
from typing import Any

from kscale.calibrate.cost_file import CostFile
from kscale.report.export.documents import dumps


def json(file: CostFile, written: Path | None) -> str:
    """Return one JSON document."""
    known = file.extends.coefficients
    tree: dict[str, Any] = {
        "schema": file.calibration.schema_,
        "written": None if written is None else str(written),
        "extends": file.extends.name,
        "coefficients": {
            one.meant.name: {
                "value": one.value,
                "range": [one.low, one.high],
                "unit": one.meant.unit,
                "above_goal": one.above_goal,
                "partial": one.cut,
                "profile": known[one.meant.name].value if one.meant.name in known else None,
            }
            for one in file.stated
        },
        "calibration": file.calibration.model_dump(mode="json", by_alias=True),
    }
    return f"{dumps(tree)}\n"
