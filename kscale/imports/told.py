"""What is said while sources are put together, and which source gave what."""

from dataclasses import dataclass, field

from kscale.imports.contradictions import Candidate, Contradiction, Part
from kscale.imports.facts import Value


@dataclass(slots=True)
class Told:
    """What is said while sources are put together."""

    winners: dict[str, Part] = field(default_factory=dict)
    counts: dict[str, list[Candidate[Value]]] = field(default_factory=dict)  # what each source counts, by key
    assumed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)

    def won(self, what: str, part: Part) -> None:
        """Keep which part *what* is from."""
        self.winners[what] = part

    def contradict(self, found: Contradiction | None) -> None:
        """Keep a contradiction, if there is one."""
        if found is not None:
            self.contradictions.append(found)
