"""What metrics say of a cluster, as it is found: the lists of Facts."""

from dataclasses import dataclass, field

from kscale.imports.facts import Load, TypeFact, Value


@dataclass(slots=True)
class Findings:
    """Everything found so far; sentences are free of names."""

    types: dict[str, TypeFact] = field(default_factory=dict)
    load: Load | None = None
    values: list[Value] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
