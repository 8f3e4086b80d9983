"""Compare a text with the one kept for it in tests/golden."""

import difflib
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def check(name: str, text: str, folder: Path) -> None:
    """Fail with the difference if *text* is not the golden one; leave it in *folder* as <name>.got."""
    kept = GOLDEN / f"{name}.txt"
    expected = kept.read_text(encoding="utf-8") if kept.exists() else ""
    given = text.rstrip("\n") + "\n"
    if given != expected:
        got = folder / f"{name}.got"
        got.write_text(given, encoding="utf-8")
        shown = difflib.unified_diff(
            expected.splitlines(), given.splitlines(), kept.name, got.name, lineterm="", n=1
        )
        raise AssertionError("\n".join([*shown, f"if this is meant: cp {got} {kept}"]))
