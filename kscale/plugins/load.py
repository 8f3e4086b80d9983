"""Loads what the user named, a file or an installed package, and nothing else."""

import hashlib
import stat
from collections.abc import Sequence
from importlib import metadata, util
from pathlib import Path

from kscale.errors import KscaleError, did_you_mean
from kscale.mechanisms.base import Mechanism
from kscale.plugins import execute, join
from kscale.plugins.own import Own
from kscale.plugins.source import Source
from kscale.units import quote

GROUP = "kscale.variants"  # of entry points: a package offers its variants under a name in it
ENDING = ".py"
LONGEST_PATH = 200  # characters of a path in a complaint
MOST_BYTES = 1 << 20  # of a file: a variant is a few dozen lines


def read(name: str) -> Source:
    """Return the plugin that *name* means: a file, if it ends in .py, else an installed package's.

    A file is only read here; a package is found by its entry point, no other is looked into. KscaleError
    if there is none, with the nearest names.
    """
    if name.endswith(ENDING):
        return _file(name)
    found = _entry_points()
    if name not in found:
        raise KscaleError(f"--plugin: no file, as {quote(name)} does not end in {ENDING}, and {_none(name)}")
    return Source(name, None, _package_sha256(name, found[name].module))


def joined(mechanisms: Sequence[Mechanism], sources: Sequence[Source]) -> tuple[Mechanism, ...]:
    """Return the mechanisms with the variants of *sources* beside their own, in the order they are named.

    KscaleError, naming file and line, if one cannot be loaded or takes a name that is taken.
    """
    return join.joined(mechanisms, [(source, variants(source)) for source in sources])


def variants(source: Source) -> tuple[Own, ...]:
    """Return the variants of a plugin; KscaleError, naming file and line, if it cannot be loaded."""
    if source.text is not None:
        return execute.text(source.name, source.text, source.sha256)
    found = _entry_points().get(source.name)
    if found is None:
        raise KscaleError(f"--plugin {source.name}: {_none(source.name)}")
    if _package_sha256(source.name, found.module) != source.sha256:
        raise KscaleError(
            f"--plugin {source.name}: {found.module} is another version here; install the same everywhere"
        )
    return execute.entry_point(source.name, found)


def package_of(source: Source) -> str | None:
    """Return the outermost package, or the module, that an installed plugin's code is in."""
    found = _entry_points().get(source.name)
    return found.module.partition(".")[0] if found is not None else None


def _file(name: str) -> Source:
    """Return a file's text; KscaleError if it is no small file of text."""
    path, said = Path(name), f"--plugin {name if len(name) <= LONGEST_PATH else quote(name)}"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise KscaleError(f"{said}: must be a file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise KscaleError(f"{said}: no such file; kscale new variant writes a template") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise KscaleError(f"{said}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MOST_BYTES:
        raise KscaleError(f"{said}: is larger than {MOST_BYTES >> 20} MiB")
    if not path.name.isprintable():
        raise KscaleError(f"{said}: the file's name holds characters that cannot be printed")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise KscaleError(f"{path.name}:{line}: is not UTF-8 text ({error.reason})") from None
    return Source(path.name, text, hashlib.sha256(data).hexdigest())


def _entry_points() -> dict[str, metadata.EntryPoint]:
    """Return the entry points of our group by name; reading them loads none. Of two, the first found."""
    found: dict[str, metadata.EntryPoint] = {}
    for one in metadata.entry_points(group=GROUP):
        found.setdefault(one.name, one)
    return found


def _none(name: str) -> str:
    """Return the tail of a complaint about a package that is not there."""
    known = _entry_points()
    if not known:
        return f"no installed package offers variants (entry points of group {GROUP})"
    return f"no installed package offers {quote(name)}; {did_you_mean(name, known)}"


def _package_sha256(name: str, module: str) -> str:
    """Return the hash of the sources of a module's package, all of it; its parents are imported, it is not.

    That is the first package on the way to the module that has files of its own: a namespace is shared by
    packages that have nothing to do with each other. A module without a package is a file.
    """
    parts = module.split(".")
    with execute.guarded(name):
        specs = [util.find_spec(".".join(parts[: count + 1])) for count in range(len(parts))]
    spec = specs[-1]
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise KscaleError(f"--plugin {name}: its module {quote(module)} is not there or has no source")
    origin = next(Path(one.origin) for one in specs if one is not None and one.origin is not None)
    if origin.name != "__init__.py":
        return hashlib.sha256(origin.read_bytes()).hexdigest()
    found = hashlib.sha256()
    for path in sorted(origin.parent.rglob("*.py")):
        told = path.relative_to(origin.parent).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{told}\n".encode())
    return found.hexdigest()
