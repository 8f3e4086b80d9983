"""One number of a simulation as text, and what became of it from the first run to the last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kscale.judge import wording
from kscale.report import simulate_wording as said
from kscale.units import show_count, show_ratio

BETTER, WORSE = "better", "worse"
NO_TONE = ""
NOTABLE = 1.05  # times; less may come from the order in which things happen, and is neither good nor bad


@dataclass(frozen=True, slots=True)
class Entry:
    """One number as text, what is to be seen at once, and whether that is good."""

    text: str
    mark: str = ""
    tone: str = NO_TONE  # better, worse or nothing

    @property
    def word(self) -> str:
        """Return what the mark says, for who does not see it."""
        return {said.KEPT: "kept", said.BROKEN: "broken", said.BLAMED: "limits most"}.get(self.mark, "")

    @property
    def plain(self) -> str:
        """Return mark and text."""
        return f"{self.mark} {self.text}" if self.mark else self.text


NOTHING = Entry("")


def time_change(first: int | None, last: int | None) -> Entry:
    """Return what became of a latency, shorter is better."""
    if first is None or last is None:
        if first == last:
            return NOTHING
        return Entry(said.UNKNOWN, tone=WORSE) if last is None else Entry("answered", tone=BETTER)
    if first == last:
        return Entry("same")
    if not first or not last:
        return NOTHING
    return Entry(wording.of_time(last / first), tone=_tone(first, last, better=last < first))


def count_change(
    values: Sequence[int], show: Callable[[int], str] = show_count, *, more_is_better: bool = False
) -> Entry:
    """Return what became of a number, from the first run to the last; *show* is for what has no ratio."""
    first, last = values[0], values[-1]
    if len(values) < 2:  # noqa: PLR2004 - a first and a last
        return NOTHING
    if first == last:
        return Entry("same")
    small, large = sorted((first, last))
    word = "less" if last < first else "more"
    tone = _tone(first, last, better=(last > first) is more_is_better)
    if not small:
        return Entry(f"{show(large)} {word}", tone=tone)
    if large >= wording.RATIO_FROM * small:
        return Entry(f"{show_ratio(large / small)} {word}", tone=tone)
    return Entry(f"{wording.percent((large - small) / first)} {word}", tone=tone)


def _tone(first: int, last: int, *, better: bool) -> str:
    """Return whether a change is good; nothing if it is too small to be."""
    small, large = sorted((first, last))
    if large < NOTABLE * small:
        return NO_TONE
    return BETTER if better else WORSE
