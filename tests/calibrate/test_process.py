"""An etcd under us: the flags of its version, and that nothing of it is left however we end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import real_etcd

from kscale.calibrate import client, folder, metrics, process, wire
from kscale.calibrate.find import Binary
from kscale.calibrate.process import Options
from kscale.errors import KscaleError

WAIT_S = 10.0


def command(version: tuple[int, int, int], options: Options) -> list[str]:
    """Return the flags for a version."""
    return process.flags(Binary(Path("etcd"), version, ""), Path("d"), 1, 2, options)


def test_flags_follow_the_version() -> None:
    array = Options(freelist="array", fsync=False)
    old, known, new = (command(version, array) for version in ((3, 4, 23), (3, 5, 1), (3, 6, 0)))
    assert "--experimental-backend-bbolt-freelist-type=array" in old
    assert "--backend-bbolt-freelist-type=array" in known
    assert "--experimental-compaction-batch-limit=1000" in known
    assert "--compaction-batch-limit=1000" in new
    assert all("--unsafe-no-fsync" in flags for flags in (old, known, new))
    assert not any("freelist" in flag or "fsync" in flag for flag in command((3, 5, 1), Options()))


def gone(pid: int, path: Path) -> bool:
    """Wait until neither the process nor the folder is there; say whether that came about."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) and not path.exists():
            return True
        time.sleep(0.02)
    return False


def test_an_error_in_the_block_leaves_neither_process_nor_folder(tmp_path: Path) -> None:
    before = psutil.Process().children()
    with pytest.raises(ZeroDivisionError), real_etcd.started(within=tmp_path) as etcd:  # noqa: PT012 - facts first
        pid, path = etcd.running.pid, etcd.running.data.parent
        assert psutil.Process(pid).name() == "etcd"
        assert path.parent == tmp_path
        1 / 0  # noqa: B018 - the error
    assert not psutil.pid_exists(pid)
    assert list(tmp_path.iterdir()) == []
    assert psutil.Process().children() == before


def runs(pid: int) -> bool:
    """Say whether a process runs; one that is dead and not yet reaped by init does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


CHILD = """
import sys, time
from kscale.calibrate import find, folder, process
from kscale.measure import stopping
with stopping.stoppable(), folder.temporary(1, __import__("pathlib").Path(sys.argv[1])) as made:
    with process.running(find.find(), made) as etcd:
        print(etcd.pid, made.path, flush=True)
        time.sleep(60)
"""


KEPT = """
import sys, time
from pathlib import Path
from kscale.calibrate import folder, process
from kscale.measure import stopping
with stopping.stoppable(), folder.temporary(1, Path(sys.argv[1])) as made:
    with process._kept(sys.argv[2:], made.path / "log", made) as (_, pid):
        print(pid, made.path, flush=True)
        time.sleep(60)
"""


@contextmanager
def owner(tmp_path: Path, code: str = CHILD, *args: str) -> Iterator[tuple[subprocess.Popen[str], int, Path]]:
    """Yield a process that runs an etcd or another command, that one's id, and its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout
        try:
            pid, path = child.stdout.readline().split()
            yield child, int(pid), Path(path)
        finally:
            child.kill()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_its_owner_ends_etcd_and_removes_its_folder(tmp_path: Path, signum: int) -> None:
    real_etcd.binary()
    with owner(tmp_path) as (child, pid, path):
        assert psutil.pid_exists(pid)
        assert path.exists()
        child.send_signal(signum)
        assert gone(pid, path)
        assert child.wait() != 0


def test_etcd_that_ends_by_itself_before_it_is_ready_is_an_error_in_its_own_words(tmp_path: Path) -> None:
    binary = real_etcd.binary()
    with folder.temporary(1, tmp_path) as made:
        (made.path / "etcd").write_text("a file where etcd wants a folder")
        with pytest.raises(KscaleError, match=r"did not start: .*not a directory") as error:
            process.running(binary, made).__enter__()
        assert "\n" not in str(error.value)


def test_a_port_that_somebody_takes_first_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = real_etcd.binary()
    free = process._free_ports
    with socket.socket() as taken, folder.temporary(1, tmp_path) as made:
        taken.bind((process.HOST, 0))
        taken.listen()
        lost = [(taken.getsockname()[1], free()[1])]
        monkeypatch.setattr(process, "_free_ports", lambda: lost.pop() if lost else free())
        with process.running(binary, made) as etcd:
            assert process.healthy(etcd.address)
        assert not lost


def test_a_binary_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "etcd"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with (
        folder.temporary(1, tmp_path) as made,
        pytest.raises(KscaleError, match=r"did not start: .*No such file"),
    ):
        process.running(Binary(broken, (3, 5, 1), ""), made).__enter__()


def test_a_keeper_that_is_killed_takes_etcd_with_it_when_the_block_ends(tmp_path: Path) -> None:
    with real_etcd.started(within=tmp_path) as etcd:
        os.kill(psutil.Process(etcd.running.pid).ppid(), signal.SIGKILL)
        pid = etcd.running.pid
    until = time.monotonic() + WAIT_S
    while (alive := runs(pid)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive


WRAPPER = """#!/bin/sh
sleep 60 &
echo $! > {told}
wait
"""


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_what_the_command_started_ends_with_it(tmp_path: Path, signum: int) -> None:
    told, wrapper = tmp_path / "told", tmp_path / "wrapper"
    wrapper.write_text(WRAPPER.format(told=told))
    wrapper.chmod(0o755)
    with owner(tmp_path, KEPT, str(wrapper)) as (child, _, path):
        until = time.monotonic() + WAIT_S
        while not (told.exists() and told.read_text().strip()) and time.monotonic() < until:
            time.sleep(0.01)
        behind = int(told.read_text())
        assert runs(behind)
        child.send_signal(signum)
        while (alive := runs(behind)) and time.monotonic() < until:
            time.sleep(0.02)
        assert not alive
        assert gone(behind, path)


def test_room_on_the_disk_is_asked_for_first(tmp_path: Path) -> None:
    with pytest.raises(KscaleError, match=r"left on that disk, etcd's data may take 1 EiB"):
        folder.temporary(2**60, tmp_path).__enter__()
    with pytest.raises(KscaleError, match="no such folder"):
        folder.temporary(1, tmp_path / "none").__enter__()
    assert list(tmp_path.iterdir()) == []


def call(etcd: process.Running, method: str, request: bytes) -> bytes:
    """Return the answer of an etcd to one call."""

    async def asked() -> bytes:
        async with client.connected(etcd.address) as one:
            return await one.call(method, request)

    return client.drive(asked())


def test_a_reopened_folder_holds_what_was_put_and_cpu_is_counted(tmp_path: Path) -> None:
    binary = real_etcd.binary()
    with folder.temporary(1, tmp_path) as made:
        with process.running(binary, made) as first:
            call(first, wire.PUT, wire.put(b"/kept", b"as it was"))
            assert metrics.cpu_ns(first.pid) > 0
        with process.running(binary, made) as second:
            assert second.data == first.data
            assert b"as it was" in call(second, wire.RANGE, wire.range_(b"/kept"))
