"""Ends a process and removes a folder when whoever asked for it is gone, however it went.

Run as a script by `process`: keeper.py FOLDER [COMMAND...]. Its standard input is a pipe whose
other end only those hold who need the folder or the command; the end of the input means that they
are gone, killed ones too. Then COMMAND is stopped and FOLDER ("": none) removed. The first line on
standard output is the command's process id. Ends when the command does, with its code.

A death signal set between fork and exec would do on Linux only, and would run Python in a fork of
a process with threads; a folder it cannot remove.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

PATIENCE_S = 5.0  # from asking to killing


def main(folder: str, command: list[str]) -> int:
    """Wait for the end of the input or of *command*; leave nothing of either; return the command's code."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: None)  # the end comes through the pipe; ignored, the command would too
    code = _run(command) if command else _wait([0])
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _run(command: list[str]) -> int:
    """Start *command* and stop it, with all that it started, at the end of the input; return its code."""
    ended, held = os.pipe()  # the command, and whoever it starts, holds one end all its life
    try:
        child = subprocess.Popen(  # noqa: S603 - the caller's own etcd
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[held],
            restore_signals=True,
            start_new_session=True,  # a group of its own, to be ended as a whole
        )
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201 - the log
        return 127
    os.close(held)
    os.write(1, b"%d\n" % child.pid)
    _wait([0, ended])
    for each in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):  # nobody is left
            os.killpg(child.pid, each)
        if select.select([ended], [], [], PATIENCE_S)[0]:
            break
    return child.wait()


def _wait(files: list[int]) -> int:
    """Wait until one of *files* has ended; nobody writes to them."""
    while True:
        for each in select.select(files, [], [])[0]:
            if not os.read(each, 4096):
                return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
