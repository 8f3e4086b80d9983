"""What is exported: the results, and what was said of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from kscale.judge.compare import Comparison
from kscale.judge.decision import Judgement
from kscale.results.record import Result


@dataclass(frozen=True, slots=True)
class Subject:
    """One or more results; the first with each other one; and a gate's judgement of the first two."""

    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...] = ()
    judgement: Judgement | None = None

    @property
    def alone(self) -> Result | None:
        """Return the result if nothing was compared or judged, else None."""
        compared = self.compared or self.judgement is not None
        return self.results[0] if len(self.results) == 1 and not compared else None

    @property
    def compared(self) -> tuple[Comparison, ...]:
        """Return every comparison, that of the judgement too if it is not among them."""
        judged = self.judgement.comparison if self.judgement is not None else None
        if judged is None or any(one is judged for one in self.comparisons):
            return self.comparisons
        return (*self.comparisons, judged)

    def after(self, comparison: Comparison) -> Result | None:
        """Return the result whose numbers stand at the right of *comparison*; None if it is not here."""
        place = next((i for i, one in enumerate(self.comparisons) if one is comparison), 0)
        number = place + 1 if comparison.of == "results" else 0
        return self.results[number] if number < len(self.results) else None

    def named(self) -> Iterator[tuple[str, Result]]:
        """Return each result under a name of its own: as a comparison heads it, else its name or id."""
        seen: dict[str, int] = {}
        sides = self._sides()
        for number, result in enumerate(self.results):
            name = sides[number] if sides else result.run.called
            seen[name] = seen.get(name, 0) + 1
            yield (name if seen[name] == 1 else f"{name} ({seen[name]})"), result

    def _sides(self) -> list[str]:
        """Return what the comparisons call the results; empty if they are not of these."""
        found = self.comparisons
        if not found or len(self.results) != len(found) + 1 or any(one.of != "results" for one in found):
            return []
        return [found[0].a.name, *(one.b.name for one in found)]
