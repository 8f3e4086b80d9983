"""What show and --version print."""

import json
from pathlib import Path

import made_results
import pytest
from command import kscale

from kscale.cli import app
from kscale.results.record import MechanismInfo, Result
from kscale.results.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty folder of results, and 100 columns."""
    monkeypatch.setenv("KSCALE_RESULTS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return Store(tmp_path)


def made(name: str) -> Result:
    """Return a result of one counter, its mechanism described."""
    info = MechanismInfo.model_validate(
        {
            "title": "t",
            "source": "s",
            "per": "",
            "metrics": {
                "ids_scanned": {"kind": "exact", "unit": "ids", "better": "lower", "provenance": "measured"}
            },
            "variants": {"baseline": "b", "optimized": "o"},
        }
    )
    kept = made_results.result("20261121T025400Z-aaaaaaa", name=name)
    return kept.model_copy(update={"mechanisms": {"etcd-freelist": info}})


def test_a_result_is_shown_as_the_run_printed_it(tmp_path: Path) -> None:
    """The table again, to the letter, without the line that says where it was saved."""
    ran = kscale(tmp_path, "run", "smoke", "--exact", "--filter", "etcd-freelist", "--save", "one")
    shown = kscale(tmp_path, "show", "one")
    assert (shown.code, shown.err) == (0, "")
    assert ran.out.startswith(shown.out.rstrip("\n"))
    assert ran.out.removeprefix(shown.out.rstrip("\n")).strip().startswith("saved ")


def test_a_result_is_shown_in_every_form(
    store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """-v has every metric, --json is the file, --format and --output are those of other commands."""
    store.save(made("one"))
    assert app.main(["show", "latest", "-v"]) == 0
    assert "details" in capsys.readouterr().out
    assert app.main(["show", "one", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["name"] == "one"
    assert app.main(["show", "one", "--format", "csv", "-o", "one.md"]) == 0
    assert "ids_scanned" in capsys.readouterr().out
    assert (tmp_path / "one.md").is_file()


def test_a_mechanism_wins_over_a_result(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """As the help says; the result is shown by its path."""
    store.save(made("watch-fanout"))
    assert app.main(["show", "watch-fanout"]) == 0
    assert "Where it loses" in capsys.readouterr().out
    assert app.main(["show", str(store.path_of("watch-fanout"))]) == 0
    assert "made · " in capsys.readouterr().out
    assert app.main(["show", "config"]) == 0


def test_a_mechanism_has_no_other_form(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for on the command line it is refused; set for all commands it does not matter here."""
    assert app.main(["show", "watch-fanout", "--json"]) == 2
    assert "text only" in capsys.readouterr().err
    Path("kscale.toml").write_text('format = "csv"\n')
    assert app.main(["show", "watch-fanout"]) == 0


def test_an_unknown_name_is_neither(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with both kinds of name."""
    assert app.main(["show", "etcd-freelst"]) == 2
    said = capsys.readouterr().err
    assert "no mechanism 'etcd-freelst'; did you mean 'etcd-freelist'?" in said
    assert "no result 'etcd-freelst'" in said
    assert said.count("\n") == 1


def test_a_damaged_result_is_called_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Not an unknown mechanism."""
    (store.folder / "bad.json").write_text("{")
    assert app.main(["show", "bad"]) == 2
    assert "not a result of kscale" in capsys.readouterr().err


def test_a_card_names_its_variants_as_a_parameter(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a key of a scenario's block like the others."""
    assert app.main(["show", "etcd-freelist"]) == 0
    out = capsys.readouterr().out
    parameters = out.partition("\nParameters\n")[2].partition("\nMetrics\n")[0]
    assert "variants" in parameters
    assert "hashmap-any" in parameters
    assert "| all)" in " ".join(parameters.split())


def test_the_version_says_more_on_demand(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """One line; with -v, before or after, what else decides how fast kernels are."""
    assert app.main(["--version"]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    for asked in (["--version", "-v"], ["-v", "--version"]):
        assert app.main(asked) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == ["kscale", "python", "numpy", "numba", "machine"]


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["list"], ["show", "config"]])
@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"TERM": "dumb"}, False),
    ],
    ids=["NO_COLOR", "FORCE_COLOR", "dumb"],
)
def test_help_takes_colour_as_tables_do(
    tmp_path: Path, args: list[str], environment: dict[str, str], coloured: bool
) -> None:
    """Without colour there is no escape sequence at all."""
    assert ("\x1b[" in kscale(tmp_path, *args, **environment).out) is coloured
