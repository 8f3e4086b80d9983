"""A picture of a result that may go on a slide: before and after, and how cost grows.

SVG or PNG by suffix. The same result gives the same SVG, byte for byte, with one version
of matplotlib. Names are drawn as text, never as formulas.
"""

import io
import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kscale.errors import KscaleError
from kscale.report import plot_data, plot_panels
from kscale.report.plot_data import BASELINE, OPTIMIZED, Bars
from kscale.report.text import clean, wrapped
from kscale.results.record import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")
SETTINGS = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: no machine looks different
    "text.parse_math": False,  # a '$' in a name is a '$'
    "svg.hashsalt": "kscale",
    "hatch.linewidth": 0.8,
}
WIDE, NARROW = 12.8, 8.6  # inches, with growth panels beside the bars and without
HEAD, ROW, SWEEP_HEIGHT = 1.9, 0.48, 3.4  # inches of the title and axis, of one row, of one growth panel
LEAST = 4.2  # inches of height
DPI = 150


def draw(result: Result, path: Path) -> None:
    """Draw *result* to a .png or .svg file, all of it or none.

    KscaleError if the suffix is another one, there is nothing to draw, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise KscaleError(f"{path}: a picture is {' or '.join(SUFFIXES)}, not '{path.suffix}'")
    shown = plot_data.bars(result)
    if not shown:
        raise KscaleError(f"{result.run.id}: nothing to draw: no cell has {BASELINE} and {OPTIMIZED}")
    _replace(path, _rendered(result, shown, suffix.removeprefix(".")))


def _rendered(result: Result, shown: list[Bars], suffix: str) -> bytes:
    """Return the picture in its file format."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import; pictures only

    out = io.BytesIO()
    metadata = {"Date": None} if suffix == "svg" else {"Software": None}
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # drawn as a box
        _figure(result, shown).savefig(out, format=suffix, dpi=DPI, metadata=metadata)
    return out.getvalue()


def _figure(result: Result, shown: list[Bars]) -> "Figure":
    """Return the whole picture: the finding, bars at the left, growth at the right."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415 - as above

    sweeps = [sweep for sweep in plot_data.sweeps(result) if sweep.lines]
    width = WIDE if sweeps else NARROW
    height = max(HEAD + ROW * plot_panels.slots(shown), HEAD - 0.6 + SWEEP_HEIGHT * len(sweeps), LEAST)
    spaced = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
    figure = Figure(figsize=(width, height), layout=spaced, facecolor="white")
    FigureCanvasAgg(figure)
    title = wrapped(plot_data.finding(shown), 88 if sweeps else 52)
    figure.suptitle("\n".join(title), fontsize=18, fontweight="bold", x=0.01, ha="left")
    footer = _footer(result, shown, 150 if sweeps else 95)
    figure.supxlabel(footer, fontsize=10, color=plot_panels.GREY, x=0.01, ha="left")
    parts = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.35, 1)) if sweeps else None
    axes = (parts[0, 0] if parts is not None else figure).subplots()
    plot_panels.draw_bars(axes, shown, _unit(shown))
    _key(axes)
    if parts is not None:
        panels = parts[0, 1].subplots(len(sweeps), 1, squeeze=False)
        for panel, sweep in zip(panels[:, 0], sweeps, strict=True):
            plot_panels.draw_sweep(panel, sweep)
    return figure


def _key(axes: "Axes") -> None:
    """Draw which bar is which, above the bars."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - as above

    handles = [
        Patch(facecolor=plot_panels.COLORS[name], hatch=plot_panels.HATCH[name], edgecolor="white")
        for name in (BASELINE, OPTIMIZED)
    ]
    axes.legend(
        handles,
        [BASELINE, OPTIMIZED],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=2,
        frameon=False,
        fontsize=12,
    )


def _footer(result: Result, shown: list[Bars], width: int) -> str:
    """Return what was run where, and how the picture is read."""
    machine = result.machine
    how = (
        "log axis; medians measured on this machine, whiskers: 95 % interval"
        if shown[0].timed
        else "log axis; exact counts, equal on every machine for one seed"
    )
    facts = (
        f"{clean(result.scenario.name)}, seed {result.run.seed}",
        f"{machine.cores_logical} cores, {clean(machine.cpu_model)}",
        clean(result.run.started[:10]),
        f"kscale {clean(result.run.kscale)}",
        how,
    )
    return "\n".join(wrapped(" · ".join(facts), width))


def _unit(shown: list[Bars]) -> str:
    """Return the unit all bars share, none if they differ."""
    units = {one.unit for one in shown}
    return units.pop() if len(units) == 1 else ""


def _replace(path: Path, content: bytes) -> None:
    """Write the file under a temporary name and rename it, so that no half of a picture is ever there."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise KscaleError(f"{path}: cannot be written: {error.strerror}") from error
