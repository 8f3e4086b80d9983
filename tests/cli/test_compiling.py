"""What is said before the simulation's kernels are compiled."""

from pathlib import Path

import pytest

from kscale.cli import compiling

SAID = "compiling kernels, about a minute, only the first time\n"


@pytest.mark.parametrize(
    ("files", "quiet", "jit_off", "said"),
    [
        ((), False, "0", SAID),
        (("folder/cluster_rules.other-1.py311.1.nbc",), False, "0", SAID),
        (("folder/cluster_loop.advance-82.py311.1.nbc",), False, "0", ""),
        ((), True, "0", ""),
        ((), False, "1", ""),
    ],
)
def test_the_first_wait_is_explained(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    files: tuple[str, ...],
    quiet: bool,
    jit_off: str,
    said: str,
) -> None:
    """Where no terminal is, too; not where nothing is compiled, or all is already."""
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", jit_off)
    compiling.announce(quiet=quiet, color="auto")
    assert capsys.readouterr() == ("", said)
