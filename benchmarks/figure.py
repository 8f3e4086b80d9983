"""One figure and its bar."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, and the most or the least it may be; a figure without a bar informs."""

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def reached(self) -> bool:
        """Say whether the bar is reached."""
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )

    def line(self) -> str:
        """Return the figure as a line of the table."""
        bar = ""
        if self.most is not None:
            bar = f"<= {self.most:g} {self.unit}"
        elif self.least is not None:
            bar = f">= {self.least:g} {self.unit}"
        mark = "" if self.reached else "  MISSED"
        return f"{self.what:66} {bar:>12} {self.value:>9.3g} {self.unit}{mark}"
