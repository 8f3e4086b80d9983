"""Objectives as --slo names them."""

from pathlib import Path

import pytest

from kscale.cli import slo
from kscale.clusterwide import objectives
from kscale.errors import KscaleError
from kscale.scenario import profiles

PROFILE = profiles.get("k8s-1.14")
S = 10**9


def bounds(text: str) -> dict[str, int]:
    """Return the bounds that differ from the official ones."""
    usual = {one.id: one.at_most for one in objectives.official(PROFILE)}
    return {one.id: one.at_most for one in slo.parse(text, PROFILE) if one.at_most != usual[one.id]}


def test_official_is_what_kubernetes_says() -> None:
    """And is called so."""
    assert slo.parse("official", PROFILE) == objectives.official(PROFILE)
    assert slo.shown(slo.parse("official", PROFILE), PROFILE) == "official objectives"


def test_other_bounds() -> None:
    """A time or a share, with = or <=; the others stay."""
    assert bounds("pod-startup=10s") == {"pod-startup": 10 * S}
    assert bounds("official, pod-startup<=2s, lost=0.1%") == {"pod-startup": 2 * S, "lost": 1000}
    shown = slo.shown(slo.parse("pod-startup=10s,lost=0.1%", PROFILE), PROFILE)
    assert shown == "official objectives but pod-startup <= 10s, lost <= 0.1 %"


def test_bounds_in_a_file(tmp_path: Path) -> None:
    """One YAML mapping."""
    path = tmp_path / "ours.yaml"
    path.write_text("pod-startup: 10s\nlost: 0.5%\n", encoding="utf-8")
    assert bounds(str(path)) == {"pod-startup": 10 * S, "lost": 5000}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mine", "--slo: 'mine' is not known; write official, KEY=BOUND or a .yaml file"),
        ("pod-start=10s", "--slo: no objective 'pod-start'; did you mean 'pod-startup'?"),
        ("pod-startup=soon", "--slo: pod-startup: 'soon' is not a duration"),
        ("pod-startup=0s", "--slo: pod-startup: must be more than 0"),
        ("lost=200%", "--slo: lost: '200%' is more than the whole"),
        ("", "--slo: '' is not known"),
        ("none.yaml", "none.yaml: cannot be read"),
    ],
)
def test_what_is_no_objective(text: str, said: str) -> None:
    """Is refused in one line."""
    with pytest.raises(KscaleError) as caught:
        slo.parse(text, PROFILE)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("pod-start: 10s\n", ":1: pod-start: no objective 'pod-start'; did you mean"),
        (
            "lost: 1%\npod-startup: [1s]\n",
            ":2: pod-startup: pod-startup: a list is no bound; write it like 5s",
        ),
        ("", ":1: is empty; the least is one line: pod-startup: 10s"),
        ("- a\n", ":1: must map keys to values"),
    ],
)
def test_a_file_that_is_no_objectives(content: str, said: str, tmp_path: Path) -> None:
    """Names its line."""
    path = tmp_path / "bad.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KscaleError) as caught:
        slo.parse(str(path), PROFILE)
    assert str(caught.value).startswith(f"{path}{said}")
