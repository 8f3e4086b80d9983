import pytest
from rich.cells import cell_len

from kscale.report.table_config import OptionValue, config_table, said

FILES = {"project": "kscale.toml", "user": "no ~/.config/kscale/config.toml"}
VALUES = [
    OptionValue("", "results", "results", "default"),
    OptionValue("kscale run", "--budget", "45s", "default"),
    OptionValue("kscale run", "--filter", ["etcd-*", "free_pages=1M"], "KSCALE_FILTER"),
    OptionValue("kscale run", "--quiet", value=True, origin="kscale.toml:3"),
    OptionValue("kscale compare", "--fail-over", None, "default"),
    OptionValue("kscale compare", "--format", "\x1b[2J", "a\nb.toml:1"),
]


def test_the_table() -> None:
    """Files first, then each command; values as they are written, each with its origin."""
    assert config_table(FILES, VALUES, 80).plain.splitlines() == [
        "project  kscale.toml",
        "user     no ~/.config/kscale/config.toml",
        "",
        "everywhere",
        "  results      results                default",
        "",
        "kscale run",
        "  --budget     45s                    default",
        "  --filter     etcd-*, free_pages=1M  KSCALE_FILTER",
        "  --quiet      true                   kscale.toml:3",
        "",
        "kscale compare",
        "  --fail-over  -                      default",
        "  --format     \\x1b[2J                a b.toml:1",
    ]


@pytest.mark.parametrize("width", [25, 40, 60, 160])
def test_it_fits(width: int) -> None:
    """Where there is no room beside the value, the origin goes below it."""
    lines = config_table(FILES, VALUES, width).plain.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "KSCALE_FILTER" in "".join(line.strip() for line in lines)


def test_values_are_said_as_they_are_written() -> None:
    """true, not True; nothing is a dash."""
    values: list[object] = [True, None, [], ("a", 1), 2.5]
    assert [said(one) for one in values] == ["true", "-", "-", "a, 1", "2.5"]


def test_no_options_make_no_table() -> None:
    """Only the files."""
    assert config_table(FILES, [], 80).plain.count("\n") == 1
