"""Where recorded outcomes of real code are read from."""

import os
from pathlib import Path


def files(subject: str) -> list[Path]:
    """Return every vector file of *subject*, from KSCALE_VECTORS or tests/vectors; none is an error."""
    root = Path(os.environ.get("KSCALE_VECTORS") or Path(__file__).parent / "vectors")
    found = sorted((root / subject).glob("*.json"))
    if not found:
        raise FileNotFoundError(f"no vectors in {root / subject}")
    return found
