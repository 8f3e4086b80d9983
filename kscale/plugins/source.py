"""A plugin as text, so that a process or a machine that has no such file can load it too."""

from dataclasses import dataclass

from kscale.results.record import PluginRef


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the user's own as it was read, or an installed package that the user named."""

    name: str  # of the file, without its folder; of a package the name of its entry point
    text: str | None  # of the file; None: a package, which must be installed where it is loaded
    sha256: str  # of the file's bytes; of a package, of all its sources

    def ref(self) -> PluginRef:
        """Return what a result says of it."""
        return PluginRef(name=self.name, sha256=self.sha256)
