"""Two results measured in turns: each variant of one takes turns with the same variant of the other."""

from random import Random
from typing import Any

from sample_results import MECHANISMS, result

from kscale.results.record import Cell, Result, Samples, VariantRecord

WORK = {"events": 100, "watchers_tested": 50, "deliveries": 7}


def together(a: dict[str, int], b: dict[str, int], pairs: int = 20, **more: Any) -> tuple[Result, Result]:  # noqa: ANN401 - fields of the run
    """Return both results; *a* and *b* give the ns of each variant."""
    noise = Random(5)  # noqa: S311 - noise, not a secret
    made: tuple[dict[str, VariantRecord], dict[str, VariantRecord]] = ({}, {})
    place = 0
    for name in a:
        order: tuple[list[int], list[int]] = ([], [])
        values: tuple[list[int], list[int]] = ([], [])
        for number in range(pairs):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                order[side].append(place)
                values[side].append((a, b)[side][name] * (1000 + noise.randint(-9, 9)))
                place += 1
        for side in (0, 1):
            samples = Samples(order=order[side], values=values[side], loops=1)
            made[side][name] = VariantRecord(work=WORK, wall_ns=samples)
    first, second = (
        result(
            [
                Cell(
                    mechanism="watch-fanout",
                    params={"events": 100},
                    label="100 events",
                    digest="",
                    seconds=1,
                    variants=variants,
                )
            ],
            name=name,
            together="a b",
            **more,
        )
        for name, variants in zip(("base", "head"), made, strict=True)
    )
    assert "watch-fanout" in MECHANISMS
    return first, second
