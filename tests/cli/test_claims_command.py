"""kscale claims, as a user types it; on claims and set-ups of our own, and once on a shipped one."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import made_claims
import pytest
from command import kscale

from kscale.cli import app
from kscale.errors import ExitCode, Interrupted
from kscale.judge.claims import registry, run
from kscale.judge.claims.record import Claim, Setup, identity, ratio
from kscale.judge.claims.run import Observer, Planned

Ask = Callable[..., tuple[int, str, str]]
SHOWN = "identities: 1 of 1 hold within 5 %"


def _claims(*, good: float = 100.0) -> tuple[Claim, ...]:
    """Return an identity and a ratio on two set-ups, and one that cannot be run."""
    return (
        made_claims.claim("X1", "A", identity("log", "bytes", 100, lambda _: good), setup="one"),
        made_claims.claim("X2", "R", ratio("gain", 10, (5, 20), lambda _: 12.0), setup="two"),
        made_claims.claim("X3", "M", setup=None, not_reproducible="no load was named"),
    )


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """Return how to run the command in this process: code, what it printed, what it said."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "planned", lambda chosen, _: [one for one in chosen if one.setup])
    monkeypatch.setattr(run, "run", _ran)
    _register(monkeypatch, _claims())

    def asked(*args: str) -> tuple[int, str, str]:
        code = app.main(["claims", *args])
        return code, *capsys.readouterr()

    return asked


def _register(monkeypatch: pytest.MonkeyPatch, claims: tuple[Claim, ...]) -> None:
    """Let these be all claims."""
    monkeypatch.setattr(registry, "SUBJECTS", {"made": claims})
    monkeypatch.setattr(registry, "CLAIMS", claims)


def _ran(setups: Sequence[Planned], _: Observer) -> Iterator[Setup]:
    """Yield an empty set-up for each."""
    for one in setups:
        yield Setup(str(one.setup), made_claims.setup().cells, "k8s-1.14")  # type: ignore[attr-defined]  # a claim, see the fixture


def _interrupted(setups: Sequence[Planned], observer: Observer) -> Iterator[Setup]:
    """Yield the first one, then end as a signal does."""
    yield next(_ran(setups, observer))
    raise Interrupted("interrupted")


def test_the_table_is_printed(ask: Ask) -> None:
    """All claims, then how many hold; nothing else on standard output."""
    code, out, _ = ask()
    assert code == ExitCode.OK
    assert out.index("X1 ") < out.index("X2 ") < out.index("X3 ")
    assert SHOWN in out


@pytest.mark.parametrize(
    ("patterns", "ids"),
    [(("x1",), "X1"), (("X1", "X3"), "X1 X3"), (("x[23]",), "X2 X3"), (("ma*",), "X1 X2 X3")],
)
def test_claims_are_chosen_by_id_and_subject(ask: Ask, patterns: tuple[str, ...], ids: str) -> None:
    """As patterns, in either case, in print order."""
    code, out, _ = ask(*patterns, "--json")
    assert code == ExitCode.OK
    assert [one["id"] for one in json.loads(out)["claims"]] == ids.split()


def test_an_unknown_id_is_refused(ask: Ask) -> None:
    """With the nearest, and the subjects."""
    code, out, err = ask("X11")
    assert (code, out) == (ExitCode.USAGE, "")
    assert "no claim 'X11'; did you mean 'X1'? known: X1, X2, X3, made; subjects: made" in err


def test_outside_is_shown_and_fails_only_if_asked(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """--check is for CI."""
    assert ask("--check")[0] == ExitCode.OK
    _register(monkeypatch, _claims(good=200.0))
    code, out, _ = ask()
    assert code == ExitCode.OK
    assert "outside" in out
    code, out, err = ask("--check")
    assert code == ExitCode.GATE_FAILED
    assert "outside" in out
    assert "X1 is an identity and outside" in err


def test_details_are_asked_for(ask: Ask) -> None:
    """Set-up and parameters with -v, and only then."""
    assert "set-up as published" not in ask("X1")[1]
    assert "our set-up: kscale run claims/one (profile k8s-1.14)" in ask("X1", "-v")[1]


def test_documents(ask: Ask, tmp_path: Path) -> None:
    """On standard output by name, in files by suffix; formats that do not fit are refused before any work."""
    code, out, _ = ask("--format", "csv", "-o", "claims.md", "-o", "claims.json", "-o", "claims.txt")
    assert code == ExitCode.OK
    assert out.startswith("id,title,kind,")
    assert json.loads((tmp_path / "claims.json").read_text())["schema"] == "kscale.claims/1"
    assert "| X1 |" in (tmp_path / "claims.md").read_text()
    assert SHOWN in (tmp_path / "claims.txt").read_text()
    for wrong in (("--format", "junit"), ("-o", "claims.prom")):
        code, out, err = ask(*wrong)
        assert (code, out) == (ExitCode.USAGE, "")
        assert "known: table, json, jsonl, csv, markdown" in err


def test_the_picture(ask: Ask, tmp_path: Path) -> None:
    """Beside the table; a wrong suffix is refused before any work."""
    code, out, err = ask("--plot", "claims.svg")
    assert code == ExitCode.OK
    assert SHOWN in out
    assert "wrote claims.svg: 2 of 2 published claims hold; 1 more is not counted" in err
    assert (tmp_path / "claims.svg").read_text().startswith("<?xml")
    code, out, err = ask("--plot", "claims.pdf")
    assert (code, out) == (ExitCode.USAGE, "")
    assert ".png or .svg" in err


@pytest.mark.parametrize("option", ["--plot", "-o"])
def test_files_that_cannot_be_written_are_refused_before_any_work(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """A folder, and a folder that is a file; a missing folder is made."""

    def never(*_: object) -> Iterator[Setup]:
        raise AssertionError("work was done")

    name = "x.svg" if option == "--plot" else "x.json"
    Path("plain").touch()
    Path(f"folder.{name}").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(run, "run", never)
        for wrong, why in ((f"plain/{name}", "is not a folder"), (f"folder.{name}", "is a folder")):
            code, out, err = ask(option, wrong)
            assert (code, out) == (ExitCode.USAGE, "")
            assert why in err
    assert ask(option, f"new/deep/{name}")[0] == ExitCode.OK
    assert Path(f"new/deep/{name}").stat().st_size > 0


def test_what_was_finished_is_printed(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C: the claims of the set-ups that were run, and the code of the signal."""
    monkeypatch.setattr(run, "run", _interrupted)
    before = signal.getsignal(signal.SIGINT)
    code, out, err = ask()
    assert code == ExitCode.INTERRUPTED
    assert "X1 " in out
    assert "X2 " not in out
    assert "1 claim not run" in out
    assert "2 of 3 claims are shown" in err
    assert signal.getsignal(signal.SIGINT) is before


def test_through_the_installed_command(tmp_path: Path) -> None:
    """A shipped claim, counted anew: its set-up on stderr, plain text on stdout."""
    ran = kscale(tmp_path, "claims", "F10")
    assert ran.code == 0
    assert "reproduced" in ran.out
    assert "\x1b" not in ran.out
    assert ran.err.startswith("1/1 claims/freelist-saved")
    assert not list(tmp_path.iterdir())


def test_a_set_up_is_run_by_name(tmp_path: Path) -> None:
    """As any scenario; a wrong name is told the nearest, and they are not listed."""
    ran = kscale(tmp_path, "run", "claims/freelist-saved", "--exact", "--filter", "free_pages=10k", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["scenario"]["path"] == "claims/freelist-saved"
    wrong = kscale(tmp_path, "run", "claims/freelist-save")
    assert wrong.code == ExitCode.USAGE
    assert "did you mean 'claims/freelist-saved'" in wrong.err
    listed = kscale(tmp_path, "list").out
    assert "freelist-saved" not in listed
    assert "published claims, each with its set-up: kscale claims" in listed
