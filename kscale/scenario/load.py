"""A scenario file to its model; every complaint is one line: file:line: key: what, what is allowed."""

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kscale import units
from kscale.errors import KscaleError
from kscale.scenario import (
    costs,
    document,
    places,
    recorded_build,
    resolve,
    resolve_simulation,
    shipped,
    yaml_tree,
)
from kscale.scenario import recorded as recorded_clusters
from kscale.scenario.recorded import Recorded
from kscale.scenario.schema import Scenario
from kscale.scenario.schema_imported import ImportedSpec
from kscale.scenario.spec import Beside, InconsistentError
from kscale.scenario.yaml_tree import Loc, YamlError

_BESIDE = TypeAdapter(Beside)
LEAST = "the least scenario is one line: schema: kscale.scenario/1"
STDIN = "-"
KINDS_IN = {("simulation", "workloads"), ("simulation", "faults")}  # each entry of these lists is of a kind


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario with all its defaults, and what is needed to speak of its file."""

    scenario: Scenario
    path: str  # as given, or the name of a shipped scenario; never absolute
    sha256: str  # of the canonical JSON of resolved()
    where: str  # the file, as complaints name it
    lines: dict[Loc, int]  # line of each key and list entry in the file
    folder: Path = Path()  # from which its own paths start
    recorded: Recorded | None = field(default=None, compare=False, repr=False)  # of an imported cluster
    costs_path: str | None = None  # of the file of its costs, as the scenario has it
    measured: costs.Measured | None = None  # where those were, if that file says it
    tree: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)  # of the file, its
    # costs in place of their path: what it leaves out is not in it

    def resolved(self) -> dict[str, Any]:
        """Return the scenario as plain JSON values but for its sweep; it can be loaded again."""
        return dump(self.scenario)

    def with_seed(self, seed: int) -> "Loaded":
        """Return the same scenario with another seed."""
        scenario = self.scenario.model_copy(update={"seed": seed})
        return replace(
            self, scenario=scenario, sha256=sha256(dump(scenario)), tree={**self.tree, "seed": seed}
        )

    def varied(self, values: Mapping[str, str], said: Mapping[str, str] = MappingProxyType({})) -> "Loaded":
        """Return the scenario with other values at some places of its file, all else that follows anew.

        A place is one of `places.places`; pods that the file does not count follow the nodes. KscaleError
        names the place as *said* does, or the line of the file that does not go with it.
        """
        known, tree = places.places(self.scenario), self.tree
        given = {self._place(known, name): name for name in values}

        def complain(loc: Loc, message: str) -> KscaleError:
            if loc in given:
                name = given[loc]
                return KscaleError(document.one_line(f"{said.get(name, name)}: {message}"))
            put = ", ".join(f"{name}={text}" for name, text in values.items())
            return KscaleError(f"{self.complain(loc, message)} (with {document.one_line(put)})")

        for loc, name in given.items():
            try:
                plain = yaml_tree.plain(values[name])
            except YamlError as error:
                raise complain(loc, str(error)) from error
            tree = places.put(tree, self.scenario, loc, values[name] if plain is None else plain)
        try:
            scenario = resolve.resolve(Scenario.model_validate(tree))
            recorded = _recorded(scenario, self.folder, self.recorded)
        except ValidationError as error:
            raise complain(*document.what(error, _without_kind)) from error
        except InconsistentError as error:
            raise complain(error.loc, str(error)) from error
        return replace(self, scenario=scenario, sha256=sha256(dump(scenario)), recorded=recorded, tree=tree)

    def value(self, place: str) -> Any:  # noqa: ANN401 - of any field
        """Return what is at a place: a number in its base unit, or text; None if nothing is."""
        loc = self._place(places.places(self.scenario), place)
        found = places.value(self.scenario, loc)
        # a share of a list becomes a count when it is resolved
        return places.value(Scenario.model_validate(self.tree), loc) if found is None else found

    @staticmethod
    def _place(known: Mapping[str, Loc], name: str) -> Loc:
        """Return where a place is; KscaleError with the nearest one if there is none of that name."""
        if name not in known:
            raise KscaleError(
                f"no value to vary at {units.quote(name)} of a scenario; {places.nearest(name, known)}"
            )
        return known[name]

    def complain(self, loc: Loc, message: str) -> KscaleError:
        """Return the error that says *message* of the key at *loc*."""
        return document.complaint(self.where, loc, message, self.lines)


def load(name_or_path: str) -> Loaded:
    """Return a scenario by file, by the name of a shipped one, or from stdin by "-"."""
    if name_or_path == STDIN:
        data, where, stem, folder = _read_stdin(), "stdin", "stdin", Path()
    else:
        path, where = shipped.find(name_or_path)
        data, stem, folder = document.read(path, where), path.stem, path.parent
    recorded = "-" if name_or_path == STDIN else Path(where).name if Path(where).is_absolute() else where
    return parse(data, where, recorded, stem, folder)


def folder_of(path: str) -> Path:
    """Return the folder of the scenario that a result calls *path*, as seen from here; it may be gone."""
    if path == STDIN:
        return Path()
    try:
        return shipped.find(path)[0].parent
    except KscaleError:
        return Path(path).parent


def parse(data: bytes, where: str, path: str, stem: str = "scenario", folder: Path = Path()) -> Loaded:
    """Return the scenario in *data*; *where* names it in complaints, *path* in results.

    The files it names are read from *folder*: its costs, which become part of it, and an imported cluster.
    """
    tree = document.tree(data, where, LEAST)
    try:
        given = {"name": name_of(stem)} | tree.value
        given, costs_path, measured = _with_costs(given, folder)
        scenario = resolve.resolve(Scenario.model_validate(given))
        recorded = _recorded(scenario, folder)
    except ValidationError as error:
        raise document.first(error, where, tree.lines, _without_kind) from error
    except InconsistentError as error:
        raise document.complaint(where, error.loc, str(error), tree.lines) from error
    return Loaded(
        scenario=scenario,
        path=path,
        sha256=sha256(dump(scenario)),
        where=where,
        lines=tree.lines,
        folder=folder,
        recorded=recorded,
        costs_path=costs_path,
        measured=measured,
        tree=given,
    )


def _with_costs(
    given: dict[str, Any], folder: Path
) -> tuple[dict[str, Any], str | None, costs.Measured | None]:
    """Return what a file says, its costs in place of their path; that path; where they were measured."""
    path = given.get("costs")
    if not isinstance(path, str):
        return given, None, None
    try:
        beside = _BESIDE.validate_python(path)
        found, measured = costs.read_given(document.read(folder / beside, path), path)
    except ValidationError as error:
        raise InconsistentError(("costs",), str(error.errors()[0]["ctx"]["error"])) from error
    except KscaleError as error:
        raise InconsistentError(("costs",), str(error)) from error
    return given | {"costs": found}, beside, measured


def _recorded(scenario: Scenario, folder: Path, before: Recorded | None = None) -> Recorded | None:
    """Return what the file of an imported cluster holds, all that the scenario says of it checked.

    *before* is what was read of the same file.
    """
    spec = scenario.cluster
    if not isinstance(spec, ImportedSpec):
        return None
    try:
        found = before or recorded_clusters.load(folder / spec.imported, spec.sha256, spec.imported)
    except KscaleError as error:
        raise InconsistentError(("cluster", "imported"), str(error)) from error
    recorded_build.check(spec, found)
    if scenario.simulation and found.nodes:
        zones = found.nodes.zone[: spec.repeated(found.node_count)]
        resolve_simulation.check_zones(scenario.simulation, set(zones.tolist()))
    return found


def dump(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain JSON values under the keys of the file.

    Its sweep is left out: what is run at a point does not hang on which others there are, and a result says
    itself what was swept.
    """
    return scenario.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"sweep"})


def sha256(resolved: dict[str, Any]) -> str:
    """Return the digest of the canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(resolved, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_kind(loc: Loc) -> Loc:
    """Return a place without the kind of cluster, workload or fault, which pydantic names in it."""
    if loc[:1] == ("cluster",):
        return loc[:1] + loc[2:]
    return loc[:3] + loc[4:] if loc[:2] in KINDS_IN else loc


def name_of(stem: str) -> str:
    """Return a file's name as a scenario's name."""
    return re.sub(r"[^a-z0-9._-]", "-", stem.lower()).lstrip("._-")[:64] or "scenario"


def _read_stdin() -> bytes:
    """Return what is piped in."""
    stream = getattr(sys.stdin, "buffer", None)
    data = (
        stream.read(document.LARGEST_FILE + 1)
        if stream
        else sys.stdin.read(document.LARGEST_FILE + 1).encode()
    )
    return document.checked(data, "stdin")
