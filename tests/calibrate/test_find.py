"""Which etcd is taken, and what is said where there is none or a wrong one."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from kscale.calibrate import find
from kscale.errors import KscaleError

Script = Callable[..., Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Return a function that makes a program which says something for --version."""

    def make(said: str, folder: str = "bin", name: str = "etcd", interpreter: str = "#!/bin/sh") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{interpreter}\necho '{said}'\n")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def program(script: Script, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Return the same function for programs that do not count as scripts."""
    monkeypatch.setattr(find, "_is_script", lambda path: False)
    return script


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the extra's packages."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_the_named_one_goes_before_the_variable_and_the_variable_before_the_wheel(program: Script) -> None:
    named, other = program("etcd Version: 3.4.23", "a"), program("etcd Version: 3.5.9", "b")
    both = {find.VARIABLE: str(other)}
    assert find.find(named, both).version == (3, 4, 23)
    assert find.find(None, both).version == (3, 5, 9)
    assert find.find(None, both).path == other


def test_a_script_on_path_is_passed_over_since_it_would_be_timed(script: Script, no_wheel: None) -> None:
    path = script("etcd Version: 3.5.9")
    with pytest.raises(KscaleError, match="no etcd found"):
        find.find(None, {"PATH": str(path.parent)})


@pytest.mark.usefixtures("no_wheel")
def test_without_any_one_line_says_how_to_get_one() -> None:
    with pytest.raises(KscaleError) as error:
        find.find(None, {"PATH": ""})
    assert "pip install 'kscale-bench[etcd]'" in str(error.value)
    assert "etcd-server" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("no_wheel")
def test_without_grpcio_one_line_says_how_to_get_it() -> None:
    with pytest.raises(KscaleError, match=r"grpcio.*pip install 'kscale-bench\[etcd\]'"):
        find.check_grpc()


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("etcd Version: 3.3.25", "is etcd 3.3.25; 3.4 or newer"),
        ("something else", "is not an etcd"),
        ("", "is not an etcd"),
        ("etcd Version: 99999999999999999999999.1.1", "is not an etcd"),
    ],
)
def test_one_that_is_asked_for_must_be_an_etcd_that_can_be_driven(
    program: Script, said: str, complaint: str
) -> None:
    with pytest.raises(KscaleError, match=complaint):
        find.find(program(said), {})
    with pytest.raises(KscaleError, match=rf"\${find.VARIABLE}: .*{complaint}"):
        find.find(None, {find.VARIABLE: str(program(said))})


def test_a_script_that_is_asked_for_is_refused_since_the_etcd_behind_it_is_not_seen(script: Script) -> None:
    path = script("etcd Version: 3.5.9")
    with pytest.raises(KscaleError, match=r"--etcd-bin: .* is a script"):
        find.find(path, {})
    with pytest.raises(KscaleError, match=rf"\${find.VARIABLE}: .* is a script"):
        find.find(None, {find.VARIABLE: str(path)})


def test_one_that_prints_for_ever_is_read_for_a_moment_only(program: Script) -> None:
    path = program("'; exec cat /dev/zero #")
    with pytest.raises(KscaleError, match="is not an etcd"):
        find.find(path, {})
    assert not psutil.Process().children()


def test_one_that_does_not_answer_is_said_to_and_ends_with_what_it_started(
    program: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "_SECONDS", 0.2)
    path = program("'; sleep 60; echo '")
    with pytest.raises(KscaleError, match="does not answer --version within 0 s"):
        find.find(path, {})
    assert not psutil.Process().children(recursive=True)


def test_a_path_that_is_no_program_is_refused_with_the_option_and_the_reason(
    tmp_path: Path, program: Script
) -> None:
    with pytest.raises(KscaleError, match=r"--etcd-bin: .*none does not exist"):
        find.find(tmp_path / "none", {})
    with pytest.raises(KscaleError, match="is not a file"):
        find.find(tmp_path, {})
    with pytest.raises(KscaleError, match="cannot be run"):
        find.find(program("", interpreter="#!/no/such/interpreter"), {})
    plain = tmp_path / "plain"
    plain.write_text("etcd")
    with pytest.raises(KscaleError, match="may not be run"):
        find.find(plain, {})


def test_a_release_candidate_is_named_in_full_and_tools_are_looked_for_beside_it(program: Script) -> None:
    found = find.find(program("etcd Version: 3.6.0-rc.1"), {})
    assert found.name == "etcd 3.6.0-rc.1"
    assert found.beside("etcdctl") is None
    tool = program("", name="etcdctl")
    assert found.beside("etcdctl") == tool


def test_settings_of_other_etcds_are_kept_from_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ETCD_NAME", "ETCDCTL_API", "ETCD_UNSUPPORTED_ARCH", "OTHER"):
        monkeypatch.setenv(name, "x")
    kept = find.clean_environment()
    assert "ETCD_NAME" not in kept
    assert "ETCDCTL_API" not in kept
    assert kept["ETCD_UNSUPPORTED_ARCH"] == kept["OTHER"] == "x"


def test_the_command_does_not_import_grpc_until_it_is_needed() -> None:
    code = "import sys, kscale.cli.app, kscale.calibrate.experiments; sys.exit(bool(sys.modules.get('grpc')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
