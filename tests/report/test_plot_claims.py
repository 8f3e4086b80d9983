"""Claims as a picture: ours over the published figure."""

import math
import re
from pathlib import Path

import made_claims
import pytest

from kscale.judge.claims.record import ratio
from kscale.judge.claims.verdict import Finding
from kscale.report.plot import claims, picture
from kscale.report.plot.asked import NothingToDraw


def texts(found: list[Finding]) -> list[str]:
    """Return the texts of the picture, in the order they are drawn."""
    drawn = picture.rendered(picture.whole(claims.picture(found)), "svg", page=True).decode()
    return re.findall(r"<text[^>]*>([^<]+)</text>", drawn)


def test_the_title_counts_and_the_caption_says_how_it_is_read() -> None:
    """Of those that count, how many hold; and what is not drawn."""
    made = claims.picture(made_claims.findings())
    assert made.title == "3 of 4 published claims hold; 3 more are not counted"
    assert "Filled: ours measured; hollow: modelled" in made.caption
    assert made.caption.endswith("Not drawn: 1 figure of zero, 1 claim without figures")


def test_every_figure_is_named_with_its_verdict_in_words() -> None:
    """Id and kind, name, both amounts, and a word beside the colour."""
    found = texts(made_claims.findings())
    for said in ("A1", "R2", "outside", "reproduced", "in band", "fitted", "not counted"):
        assert said in found
    assert "149 MB/min / 150 MB/min" in found
    assert found.index("R1") < found.index("R2")
    assert "M2" not in found


def test_what_is_far_away_is_at_the_end_of_the_axis() -> None:
    """A factor of a million neither stretches the axis nor disappears."""
    far = [
        made_claims.finding(made_claims.claim(f"R{i}", "R", ratio("x", 1, (0.5, math.inf), lambda _, f=f: f)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        for i, f in enumerate((1e6, 1e-6, 1.0))
    ]
    low, high = claims._limits(claims._rows(far))
    assert 0.01 < low < high < 100
    assert "1,000,000x / 1x" in texts(far)


def test_sixty_rows_are_as_high_as_they_need(tmp_path: Path) -> None:
    """A row is as high with many as with few; the file is a picture."""
    many = made_claims.findings() * 9
    made = claims.picture(many)
    few = claims.picture(made_claims.findings())
    rows = sum(1 for one in many for figure in one.figures if figure.figure.published)
    assert made.height - few.height == pytest.approx(claims.ROW * rows * 8 / 9)
    picture.write(made, tmp_path / "claims.png")
    assert (tmp_path / "claims.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_to_draw_is_said() -> None:
    """Of claims without figures."""
    without = [one for one in made_claims.findings() if not one.figures]
    with pytest.raises(NothingToDraw, match="nothing to draw"):
        claims.picture(without)
