"""The profile that is nearest to a version of Kubernetes."""

import re
from collections.abc import Mapping

from kscale.scenario import profiles

_VERSION = re.compile(r"v?1\.([0-9]{1,3})(?:[.+-].*)?", re.ASCII | re.DOTALL)
_MINOR = re.compile(r"([0-9]{1,3})\+?", re.ASCII)  # of the label `minor`; providers add a plus


def minor_of(version: str) -> int | None:
    """Return 29 of "v1.29.3-gke.100" or "1.29"; None if it is no version of Kubernetes."""
    match = _VERSION.fullmatch(version[:100])
    return int(match[1]) if match else None


def minor_alone(text: str) -> int | None:
    """Return 29 of "29" or "29+"."""
    match = _MINOR.fullmatch(text)
    return int(match[1]) if match else None


def of_most(minors: Mapping[int, int]) -> int:
    """Return the version that most are of; of equally many, the newer. *minors*: how many are of each."""
    return max(minors, key=lambda minor: (minors[minor], minor))


def nearest_profile(minor: int) -> str:
    """Return the profile whose version is nearest to 1.*minor*; of two, the newer."""
    known = {name: minor_of(profile.kubernetes) or 0 for name, profile in profiles.PROFILES.items()}
    return min(known, key=lambda name: (abs(known[name] - minor), -known[name]))
