"""The example plugin is what it says it is."""

from pathlib import Path

import numpy as np

from kscale.plugins import check_freelist, load, recorded

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugins" / "bitmap_freelist.py"


def test_the_bitmap_gives_what_bbolts_array_gives() -> None:
    """In every recorded state; and nothing it does on small lists is wrong."""
    (own,) = load.variants(load.read(str(EXAMPLE)))
    for case in recorded.legal():
        spans = np.array(case["spans"], np.int64).reshape(-1, 2)
        made = own.parts["make"](int(spans.sum(axis=1).max()) + 1, spans[:, 0], spans[:, 1])
        assert own.parts["allocate"](*made, case["n"], np.zeros(1, np.int64)) == case["array"]
    check_freelist.small(EXAMPLE.name, dict(own.parts), 40)
