"""The page about simulations: everything is on it, nothing on it can do harm, nothing is asked of anybody."""

import re
from dataclasses import replace

import made_simulations as made
import pytest
from made_saved import saved_simulation

from kscale.clusterwide import saved
from kscale.clusterwide.saved import Labelled
from kscale.report.page import simulations
from kscale.report.plot import run_kinds

HOSTILE = "</script><script>alert(1)</script><b>\x1b"


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page of a simulation, with its pictures."""
    return simulations.page([saved_simulation()])


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out: they take most of the time."""
    monkeypatch.setattr(run_kinds, "KINDS", {})


def test_the_page_has_it_all(page: str) -> None:
    """The finding heads it; pictures, numbers, losses, coefficients, how to run it again, the record."""
    assert re.search(
        r"<h1>Without the optimizations the scheduler is the limit: .* every objective is kept", page
    )
    assert page.count('role="img"') == len(run_kinds.KINDS)
    assert "<strong>modelled</strong> times and use follow from 3 coefficients" in page
    for said in ("x</span>", "not answered", "aloud"):
        assert said in page
    assert "kscale simulate alibaba-10k --save wall" in page
    assert "fault: API server restart" in page
    assert "range over 8 draws" in page


def test_ids_are_there_once_and_links_lead_somewhere(page: str) -> None:
    """And every region that scrolls is named."""
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r'aria-labelledby="([^"]+)"', page)) <= set(ids)


def test_nothing_is_fetched(page: str) -> None:
    """No address, no source; a policy that forbids it besides."""
    body = page[page.index("<body>") :]
    assert not re.search(r'\b(src|srcset|action)="', body)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


@pytest.mark.usefixtures("plain")
def test_hostile_simulations_stay_text() -> None:
    """In names, in titles, in the record."""
    run = made.simulated(
        stopped=HOSTILE, verdicts=tuple(replace(one, title=HOSTILE) for one in made.simulated().verdicts)
    )
    found = saved_simulation(runs=[saved.record(Labelled("none", run))])
    bad = found.model_copy(update={"scenario": found.scenario.model_copy(update={"name": HOSTILE})})
    text = simulations.page([bad])
    assert "<script>alert" not in text
    assert "\x1b" not in text


@pytest.mark.usefixtures("plain")
def test_several_have_a_section_each() -> None:
    """Each with its own finding; losses where there are any."""
    text = simulations.page([saved_simulation(), saved_simulation("all", "none")])
    assert text.count('<section id="simulation-') == 2
    assert "Where it loses" in text
    assert "<b>With all optimizations every objective is kept; without" in text
