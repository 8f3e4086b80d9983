"""Plugins for tests: files that work, that are wrong, and an installed package that offers one."""

import hashlib
from functools import cache
from pathlib import Path

from kscale.plugins import load, template
from kscale.plugins.own import Own
from kscale.plugins.source import Source

ALLOCATE = """\
def allocate(free, n, work):
    work[0] += 1
    run = 0
    for page in range(len(free)):
        run = run + 1 if free[page] else 0
        if run == n:
            first = page - n + 1
            free[first : first + n] = 0
            return first
    return 0
"""
RELEASE = """\
def release(free, first, n, work):
    free[first : first + n] = 1
"""
FREELIST = f"""\
import numpy as np
from kscale.plugins.own import own

def make(pages, starts, sizes):
    free = np.zeros(pages, np.uint8)
    for start, size in zip(starts, sizes):
        free[start : start + size] = 1
    return free

{ALLOCATE}
{RELEASE}
VARIANTS = (
    own("etcd-freelist", "mine", about="first fit", make=make, allocate=allocate, release=release),
)
"""
BY_SIZE = """\
import numpy as np
from kscale.plugins.own import own

def make(pages, starts, sizes):
    size_at = np.zeros(pages, np.int64)
    size_at[starts] = sizes
    return size_at

def allocate(size_at, n, work):
    for page in range(len(size_at)):
        if size_at[page] >= n:
            if size_at[page] > n:
                size_at[page + n] = size_at[page] - n
            size_at[page] = 0
            return page
    return 0

def release(size_at, first, n, work):
    size_at[first] = n

VARIANTS = (
    own("etcd-freelist", "mine", about="not merged", make=make, allocate=allocate, release=release),
)
"""


def source(text: str, name: str = "mine.py") -> Source:
    """Return a plugin of that text, as if a file had been read."""
    return Source(name, text, hashlib.sha256(text.encode()).hexdigest())


def variants(text: str, name: str = "mine.py") -> tuple[Own, ...]:
    """Return the variants of a plugin of that text."""
    return load.variants(source(text, name))


def changed(text: str, old: str, new: str) -> str:
    """Return the text with one place changed."""
    assert text.count(old) == 1
    return text.replace(old, new)


@cache
def of_template(mechanism: str) -> tuple[Source, Own]:
    """Return the plugin that `kscale new variant` writes, and its variant: one, so that it compiles once."""
    made = source(template.text(mechanism, "mine.py"), f"{mechanism}.py")
    return made, load.variants(made)[0]


def install(folder: Path, package: str, names: dict[str, str], text: str) -> None:
    """Put a package with these entry points and its metadata into a folder, as an installer would."""
    (folder / f"{package}.py").write_text(text, encoding="utf-8")
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    points = "\n".join(f"{name} = {value}" for name, value in names.items())
    (info / "entry_points.txt").write_text(f"[kscale.variants]\n{points}\n", encoding="utf-8")
