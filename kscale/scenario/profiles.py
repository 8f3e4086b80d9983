"""Constants of a Kubernetes and etcd version, fixed by a scenario's `profile:`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """The named constants of one version."""

    name: str
