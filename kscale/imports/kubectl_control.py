"""The control plane in a list of kubectl: static pods with their flags, ConfigMaps with configurations.

Both are read as manifests are. Of a list of all pods only a few are built into more than columns.
"""

from kscale.errors import KscaleError
from kscale.imports import manifests, manifests_pods
from kscale.imports.fields import FieldError, Object
from kscale.imports.manifests_found import Found
from kscale.imports.manifests_pods import NOT_STATIC, SYSTEM
from kscale.imports.manifests_tree import Branch

MOST_PARTS = 10_000  # components and ConfigMaps with configurations


class ControlPlane:
    """Objects that run or configure a control plane, one after another."""

    def __init__(self) -> None:
        """Start without objects."""
        self.found = Found()
        self._parts = 0

    def take_pod(self, pod: Object) -> None:
        """Take a pod that lives; FieldError if a component has a flag that it would not take."""
        if manifests_pods.is_static(pod):
            self._read(pod, "Pod")
        elif manifests_pods.is_named_like_one(pod):
            self.found.dropped[NOT_STATIC] += 1

    def take_config_map(self, config_map: Object) -> None:
        """Take a ConfigMap; FieldError if it holds a configuration that is none."""
        metadata = config_map.get("metadata")
        if not isinstance(metadata, dict) or metadata.get("namespace") in SYSTEM:
            self._read(config_map, "ConfigMap")

    def finish(self) -> Found:
        """Return what all of them say; nothing is taken after that."""
        if self.found.parts:
            manifests.finish(self.found)
        return self.found

    def _read(self, value: Object, kind: str) -> None:
        """Read an object; FieldError with its place in it."""
        branch = Branch(value, (), {}, "")
        try:
            if kind == "Pod":
                is_part = manifests_pods.read(branch, kind, self.found)
            else:
                is_part = manifests.config_map(branch, self.found) < len(branch.at("data").mapping())
        except KscaleError as error:
            raise FieldError(str(error)) from error
        self._parts += is_part
        if self._parts > MOST_PARTS:
            raise FieldError(f"more than {MOST_PARTS:,} parts of a control plane")
