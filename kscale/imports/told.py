"""What is said while sources are put together, and which source gave what."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kscale.imports.contradictions import Candidate, Contradiction, Part
from kscale.imports.facts import Facts, Source, Value

MOST_NAMES = 3  # of files put together


@dataclass(slots=True)
class Told:
    """What is said while sources are put together. Files are called by name: this is for the terminal."""

    names: Mapping[str, str] = field(default_factory=dict)  # of files, without folders where that is enough
    winners: dict[str, Part] = field(default_factory=dict)
    counts: dict[str, list[Candidate[Value]]] = field(default_factory=dict)  # what each source counts, by key
    assumed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)
    files: dict[str, Source] = field(default_factory=dict)  # by how sentences name them

    def won(self, what: str, part: Part) -> None:
        """Keep which part *what* is from."""
        self.winners[what] = part

    def contradict(self, found: Contradiction | None) -> None:
        """Keep a contradiction, if there is one."""
        if found is not None:
            self.contradictions.append(found)

    def called(self, part: Part) -> str:
        """Return what to call a part's file."""
        return self.names.get(part.source.name, part.source.name)

    def dated(self, part: Part) -> str:
        """Return a part's file with its date."""
        named = f"{self.called(part)} ({'' if part.dated else 'file of '}{part.when:%Y-%m-%d %H:%M})"
        self.files[named] = part.source
        return named

    def together(self, parts: Sequence[Part]) -> Part:
        """Return a part without facts for several of a format: named after all, as old as the newest."""
        newest = max(parts, key=lambda part: part.when)
        names = [self.called(part) for part in parts]
        more = len(names) - MOST_NAMES
        shown = " + ".join(names[:MOST_NAMES]) + (f" + {more:,} more" if more > 0 else "")
        size = sum(part.source.bytes for part in parts)
        return Part(Facts(Source(newest.source.format, shown, size, newest.source.taken)), newest.modified)


def called(names: Sequence[str]) -> dict[str, str]:
    """Return what to call each file: without its folder, unless two would be called the same."""
    short = Counter(Path(name).name for name in names)
    return {name: Path(name).name if short[Path(name).name] == 1 else name for name in names}
