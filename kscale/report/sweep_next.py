"""What to type after a sweep: the picture that says something of what was varied."""

from kscale.judge import growth
from kscale.results.record import SweepRef


def picture(sweep: SweepRef, called: str) -> str:
    """Return the command that draws a result: growth over three sizes or more, else who wins where."""
    varied = [values for values in sweep.over.values() if len(values) > 1]
    sizes = [len({growth.size_of(one) for one in values} - {None}) for values in varied]
    if not varied:
        return f"kscale show {called}"
    if len(varied) == 1 and sizes[0] >= growth.LEAST_FITTED:
        return f"kscale plot {called} --kind growth"
    return f"kscale plot {called} --map" if max(sizes) > 1 else f"kscale plot {called} --kind bars"
