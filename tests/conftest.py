"""Compiled kernels are kept as the command keeps them, before any test imports numba."""

import os

from kscale.measure import machine

if os.environ.get("NUMBA_CACHE_DIR"):  # a pass of its own, such as the one with bounds checks
    os.environ["NUMBA_CACHE_DIR"] += f"/{machine.kernels_stamp()}"
machine.use_jit_cache()
