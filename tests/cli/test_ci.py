"""CI is set by every service; some set it to say no."""

import pytest

from kscale.cli.ci import in_ci


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("1", True), ("woodpecker", True), ("", False), ("0", False), ("False", False)],
)
def test_ci(monkeypatch: pytest.MonkeyPatch, value: str, *, expected: bool) -> None:
    """CI=false and CI=0 are no CI."""
    monkeypatch.setenv("CI", value)
    assert in_ci() is expected


def test_no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable it is none."""
    monkeypatch.delenv("CI", raising=False)
    assert not in_ci()
