"""Versions from the tags of images and from kubeadm's kubernetesVersion."""

import re

_VERSION = re.compile(r"v?(?P<major>[0-9]{1,3})\.(?P<minor>[0-9]{1,3})(?![0-9])")


def version_of(text: str) -> tuple[int, int] | None:
    """Return major and minor of "v1.29.3" or "3.5.15-0"; None if *text* is no version."""
    match = _VERSION.match(text)
    return None if match is None else (int(match["major"]), int(match["minor"]))


def tag_of(image: str) -> str:
    """Return the tag of an image, empty if it has none."""
    last = image.split("@", 1)[0].rsplit("/", 1)[-1]
    return last.partition(":")[2]
