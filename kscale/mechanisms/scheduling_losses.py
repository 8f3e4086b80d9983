"""What samples of nodes cost in quality, in sentences with the figures of the cell."""

from collections.abc import Mapping

from kscale import units
from kscale.mechanisms.base import BASELINE, Work


def of_samples(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say where each variant fell behind the baseline."""
    if BASELINE not in works:
        return ()
    before = works[BASELINE]
    return tuple(said for name in works if name != BASELINE for said in _lost(name, before, works[name]))


def _lost(name: str, before: Work, work: Work) -> list[str]:
    """Return what one variant lost."""
    found = []
    if work.get("score_loss_milli", 0) > 0:
        found.append(
            f"{name}: a choice is {work['score_loss_milli'] / 1000:.2f} points below the best node on"
            f" average, {work['score_loss_max']} at worst"
        )
    found += _loose(name, before, work) if "packed_ppm" in work else _uneven(name, before, work)
    if work["pending"] > before["pending"]:
        more = work["pending"] - before["pending"]
        found.append(f"{name}: {units.show_count(more)} more pods stay pending")
    if before["nodes_filtered"] and work["nodes_filtered"] * 4 > before["nodes_filtered"]:
        share = units.show_percent(work["nodes_filtered"] / before["nodes_filtered"])
        scarce = work["nodes_scored"] * 2 < work["nodes_filtered"]
        why = "few had room" if scarce else "the cluster is not much larger than a sample"
        found.append(f"{name}: {share} of all nodes were looked at after all: {why}")
    return found


def _uneven(name: str, before: Work, work: Work) -> list[str]:
    """Return where pods lie less evenly."""
    found = []
    for resource in ("cpu", "memory"):
        was, now = (one.get(f"{resource}_spread_ppm", 0) for one in (before, work))
        if now * 100 > was * 101 and was:
            found.append(
                f"{name}: {resource} use is spread {units.show_percent(now / was - 1)} wider over the nodes"
            )
    if "pods_most" in work:
        (least, most), (was_least, was_most) = (
            (one.get("pods_least", 0), one.get("pods_most", 0)) for one in (work, before)
        )
        if most - least > was_most - was_least:
            found.append(
                f"{name}: nodes got from {least:,} to {most:,} pods; of all nodes the best one would have"
                f" given {was_least:,} to {was_most:,}"
            )
    return found


def _loose(name: str, before: Work, work: Work) -> list[str]:
    """Return where pods are packed less tightly."""
    now, was = work["nodes_used"], before.get("nodes_used", 0)
    return [f"{name}: pods take {now:,} nodes, where {was:,} were enough"] if now > was > 0 else []
