"""The report as a reader opens it: in a real browser, from a file, light and dark, narrow, on paper.

Needs the system's chromium; playwright only drives it.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from made_pages import SCRIPT, head, hostile, of_results, of_variants, with_policy
from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright
from sample_results import result

from kscale.report.export.subject import Subject
from kscale.report.page import render
from kscale.results import store

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
Open = Callable[..., Page]  # name of a page, options of the browser's context
NARROW = {"width": 390, "height": 844}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium or google-chrome on the PATH")

PAGES: Mapping[str, Callable[[], Subject]] = {
    "run": lambda: of_variants(result(name="main")),
    "two": lambda: with_policy(of_results(result(name="main"), head())),
    "hostile": lambda: of_variants(hostile()),
}


@dataclass
class Opened:
    """An open page and everything that happened on it which must not."""

    page: Page
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a file for each of the pages."""
    folder = tmp_path_factory.mktemp("pages")
    for name, subject in PAGES.items():
        store.write(folder / f"{name}.html", render.page(subject()))
    return {name: folder / f"{name}.html" for name in PAGES}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return the system's chromium, without a window."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Open]:
    """Return how to open a page; whatever it must not do fails the test at its end."""
    made: list[Opened] = []

    def open_page(name: str, **context: Any) -> Page:  # noqa: ANN401 - options of a browser
        page = browser.new_context(**context).new_page()
        one = Opened(page)
        made.append(one)
        address = files[name].as_uri()

        def asked(request: Request) -> None:
            if not request.url.startswith((address, "blob:")):
                one.wrong.append(f"asked for {request.url}")

        def dismissed(dialog: Dialog) -> None:
            one.wrong.append(f"a dialog: {dialog.message}")
            dialog.dismiss()

        page.on("request", asked)
        page.on("console", lambda said: one.wrong.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: one.wrong.append(f"error: {error}"))
        page.on("dialog", dismissed)
        page.goto(address)
        return page

    yield open_page
    for one in made:
        one.page.context.close()
    assert [wrong for one in made for wrong in one.wrong] == []


def first_column(page: Page) -> list[str]:
    """Return the changes of the first table, in the order they are seen."""
    return page.locator("#comparison-1-table tbody tr:visible td.change").all_inner_texts()


@pytest.mark.parametrize("name", PAGES)
def test_opens_without_an_error_or_a_request(opened: Open, name: str) -> None:
    """Nothing is said on the console and nobody is asked for anything."""
    page = opened(name)
    page.wait_for_load_state("networkidle")
    assert page.get_by_role("heading", level=1).inner_text()


def test_a_header_sorts(opened: Open) -> None:
    """A click sorts by the numbers behind the words, a second one the other way."""
    page = opened("run")
    before = first_column(page)
    caption = page.locator("#comparison-1-caption")
    assert caption.inner_text() == "Before and after, worst first"
    header = page.locator("#comparison-1-table th", has_text="change")
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert caption.inner_text() == "Before and after, by change, ascending"
    up = first_column(page)
    keys = page.locator("#comparison-1-table td.change").evaluate_all(
        "cells => cells.map(c => +c.dataset.key)"
    )
    assert sorted(up) == sorted(before)
    assert up != before
    assert keys == sorted(keys)
    header.get_by_role("button").press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    keys = page.locator("#comparison-1-table td.change").evaluate_all(
        "cells => cells.map(c => +c.dataset.key)"
    )
    assert keys == sorted(keys, reverse=True)
    page.locator("#comparison-1-table th", has_text="verdict").get_by_role("button").click()
    assert header.get_attribute("aria-sort") is None
    assert caption.inner_text() == "Before and after, worst first"
    assert first_column(page) == before


def test_a_filter_leaves_the_rows_that_match(opened: Open) -> None:
    """Words typed into the filter must all be in a row; how many rows are left is said."""
    page = opened("run")
    everything = len(first_column(page))
    page.get_by_label("Filter rows").first.fill("sched-sampling worse")
    rows = page.locator("#comparison-1-table tbody tr:visible").all_inner_texts()
    assert 0 < len(rows) < everything
    assert all("sched-sampling" in row and "worse" in row for row in rows)
    assert page.locator("output").first.inner_text() == f"{len(rows)} of {everything} rows"
    page.get_by_label("Filter rows").first.fill("")
    assert len(first_column(page)) == everything


def test_markup_in_names_stays_text(opened: Open) -> None:
    """A scenario named like a script is a name, seen and harmless."""
    page = opened("hostile")
    page.wait_for_timeout(100)
    assert page.locator("header .brand").inner_text().endswith(SCRIPT)
    assert page.locator("h3", has_text=f"title {SCRIPT}").count() == 1
    assert page.locator("li", has_text="</script><img src=x onerror=alert(1)>").first.is_visible()
    assert page.locator("img").count() == 0
    assert page.title().startswith(SCRIPT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_is_accessible(opened: Open, scheme: Literal["light", "dark"]) -> None:
    """axe finds nothing serious, contrast included, with everything unfolded."""
    page = opened("two", color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = Axe().run(page).response["violations"]
    bad = [
        (one["id"], one["nodes"][0]["target"], one["nodes"][0]["html"][:120])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert bad == []


def test_is_complete_without_a_script(browser: Browser, files: dict[str, Path]) -> None:
    """A reader without a script sees every part and row, and no control that does nothing."""
    pages = [browser.new_context(java_script_enabled=on).new_page() for on in (True, False)]
    for page in pages:
        page.goto(files["run"].as_uri())
    scripted, plain = pages
    for what in ("section", "tbody tr", "figure svg", "h4", "li"):
        assert plain.locator(f"main {what}").count() == scripted.locator(f"main {what}").count() > 0
    assert plain.locator("button, input").count() == 0
    assert scripted.locator("button").count() > 0
    for page in pages:
        page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_the_page_sideways(opened: Open, name: str) -> None:
    """Wide tables scroll within their own regions, which the keyboard reaches."""
    page = opened(name, viewport=NARROW)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    wide = page.locator(".scroll").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.tabIndex)"
    )
    assert wide
    assert set(wide) == {0}


def test_the_keyboard_comes_to_the_numbers_first(opened: Open) -> None:
    """The first stop skips the contents, and shows where it is."""
    page = opened("run")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to the numbers"
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_prints_light_unfolded_and_without_controls(opened: Open) -> None:
    """On paper the page is light, whatever the screen, and nothing is folded away."""
    page = opened("run", color_scheme="dark")
    assert len(page.pdf(format="A4")) > 50_000
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("nav").is_hidden()
    assert page.get_by_label("Filter rows").first.is_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_the_result_can_be_saved_from_the_page(opened: Open, tmp_path: Path) -> None:
    """The saved JSON is the result itself."""
    page = opened("run")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="save main.json").click()
    waiting.value.save_as(tmp_path / "main.json")
    saved = json.loads((tmp_path / "main.json").read_text(encoding="utf-8"))
    assert saved == json.loads(store.dumps(result(name="main")))
