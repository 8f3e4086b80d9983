"""Whether a machine of a CI service runs us."""

import os

_NO = frozenset({"", "0", "false", "no", "off"})


def in_ci() -> bool:
    """Say whether CI is set, as every service sets it; CI=false and CI=0 say that it is none."""
    return os.environ.get("CI", "").strip().lower() not in _NO
