"""What the arguments of a comparison mean: saved results, or variants of the latest run."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kscale.judge.compare import Comparison
    from kscale.results.record import Result
    from kscale.results.store import Store


def pair(store: "Store", a: str, b: str) -> "tuple[Comparison, tuple[Result, ...]]":
    """Return two results side by side with the results themselves, or two variants of the latest run with it.

    Saved results win, so that `baseline` and `optimized` mean files where files of these names exist.
    """
    from kscale.errors import KscaleError
    from kscale.judge import compare as judged

    try:
        left, right = store.load(a), store.load(b)
    except KscaleError as error:
        newest = store.load("latest") if store.names() else None
        variants = {name for cell in newest.cells for name in cell.variants} if newest else set()
        if newest is None or not {a, b} <= variants:
            raise error from None
        return judged.of_variants(newest, a, b), (newest,)
    return judged.of_results(left, right, (a, b)), (left, right)
