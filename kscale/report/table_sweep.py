"""What `kscale sweep` prints: each mechanism over its points, then how costs grow, then where it loses."""

from rich.text import Text

from kscale.report.table_run import run_table
from kscale.results.record import Result


def is_sweep(result: Result) -> bool:
    """Say whether a result holds the cells of a sweep."""
    return result.run.sweep is not None


def sweep_table(result: Result, width: int, *, verbose: bool = False) -> Text:
    """Return the tables of a sweep for *width* columns."""
    return run_table(result, width, verbose=verbose)
