"""Fuzz the import of etcd files for as long as you like; run by hand, since atheris is no dependency.

    pip install atheris                  # needs a Python that it has wheels for
    PYTHONPATH=.:tests python tests/fuzz/fuzz_etcd_db.py -max_total_time=300 [CORPUS_FOLDER]

Kernels run without the JIT, so that the fuzzer sees which lines it reaches; a warning of numpy, such as
an overflow, counts as a crash. An input is a few changes to a sound file, its sums made right.
"""

import hashlib
import os
import struct
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

MOST_CHANGES = 8
PAGE = 512  # bytes


def sound_files() -> list[bytes]:
    """Return small files with all there is in one."""
    plain: Any = import_module("reference.bbolt")
    keys = [(b"/registry/pods/shop/web-%d" % i, b"p" * (i * 7 % 400)) for i in range(12)]
    deep = {b"in": {b"%d" % i: b"x" * 90 for i in range(9)}, b"large": b"x" * 1500}
    content = {**plain.etcd([*keys, (keys[0][0], None)], compacted=1), b"zone": deep}
    choices: tuple[dict[str, bool], ...] = ({}, {"hashed": True}, {"saved": True}, {"inline": False})
    return [plain.write(content, PAGE, (0, 1), 2, **chosen) for chosen in choices]


def changed(given: Any, files: list[bytes]) -> bytes:  # noqa: ANN401 - atheris has no types
    """Return a file with the changes that the fuzzer asks for."""
    data = bytearray(files[given.ConsumeIntInRange(0, len(files) - 1)])
    for _ in range(given.ConsumeIntInRange(1, MOST_CHANGES)):
        code = "BHIQ"[given.ConsumeIntInRange(0, 3)]
        width = struct.calcsize(code)
        page = given.ConsumeIntInRange(0, len(data) // PAGE - 1)
        at = page * PAGE + given.ConsumeIntInRange(0, PAGE - width)
        struct.pack_into(f"<{code}", data, at, given.ConsumeIntInRange(0, 256**width - 1))
    if given.ConsumeBool():
        del data[given.ConsumeIntInRange(2 * PAGE, len(data)) :]
    if given.ConsumeBool():  # meta pages that are believed so far
        plain: Any = import_module("reference.bbolt")
        for at in (0, PAGE):
            struct.pack_into("<Q", data, at + 72, plain.fnv(bytes(data[at + 16 : at + 72])))
    if given.ConsumeBool() and len(data) % PAGE == hashlib.sha256().digest_size:
        data[-32:] = hashlib.sha256(data[:-32]).digest()
    return bytes(data)


def main() -> None:
    """Fuzz until the time given is over; atheris prints the input that crashed."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    warnings.simplefilter("error")
    try:
        atheris: Any = import_module("atheris")
    except ModuleNotFoundError:
        sys.exit("no atheris: pip install atheris")
    with atheris.instrument_imports(include=["kscale.imports", "kscale.kernels"]):
        etcd_db: Any = import_module("kscale.imports.etcd_db")
    errors: Any = import_module("kscale.errors")
    files = sound_files()

    def one_input(raw: bytes) -> None:
        """Import one file: Facts or one line, never anything else."""
        given = atheris.FuzzedDataProvider(raw)
        path.write_bytes(changed(given, files))
        try:
            etcd_db.read(path, "any.db", lambda done, total: None)
        except errors.KscaleError as error:
            if not str(error).isprintable():
                raise AssertionError(repr(str(error))) from error

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.db"
        atheris.Setup(sys.argv, one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
