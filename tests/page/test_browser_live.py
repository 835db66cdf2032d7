"""The live page in Chromium: a search from its first to its last trial, a killed one, what cannot be read."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hpo.page.document import document
from hpo.page.html import render
from hpo.page.json_values import to_script
from hpo.page.notebook import frame
from hpo.storage import open_storage
from tests.page import studies
from tests.page.conftest import DRAWN, NewPage
from tests.page.live import PATIENCE_SECONDS, Server, add_studies, serving
from tests.page.searched import NUM_TRIALS
from tests.page.test_live import SEARCH, VICTIM, search

PATIENCE = 1000 * PATIENCE_SECONDS


def open_page(new: NewPage, server: Server, path: str = "/", *, dark: bool = False) -> Page:
    page = new(dark=dark)
    page.goto(f"http://127.0.0.1:{server.port}{path}")
    expect(page.locator("#connection")).to_have_text("live")
    return page


def test_a_search_is_seen_from_its_first_to_its_last_trial(served: NewPage, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        page = open_page(served, server)
        expect(page.locator("h1")).to_have_text("No study yet")
        command = [*SEARCH, str(tmp_path / "study.db"), "watched"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            for number in range(NUM_TRIALS):
                # The trial that runs is there before it goes on.
                expect(page.locator("dt:text-is('Trials') + dd .tile-value")).to_have_text(
                    str(number + 1), timeout=PATIENCE
                )
                print(file=process.stdin, flush=True)
        expect(page.locator("h1")).to_have_text("watched")
        # What is out of sight is drawn when it is looked at.
        page.locator("#trials").scroll_into_view_if_needed()
        expect(page.locator("#trials")).to_contain_text(f"{NUM_TRIALS} trials", timeout=PATIENCE)
        expect(page.locator("#trials")).not_to_contain_text("running", timeout=PATIENCE)


def test_a_search_that_is_killed_and_resumed_goes_on_in_its_page(served: NewPage, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    open_storage(path).close()
    with serving(path) as server:
        page = open_page(served, server)
        trials = page.locator("dt:text-is('Trials') + dd .tile-value")
        with subprocess.Popen([*VICTIM, str(path), "serial"], stdout=subprocess.DEVNULL) as process:
            expect(trials).not_to_have_text("0", timeout=PATIENCE)
            process.send_signal(signal.SIGKILL)
        subprocess.run([*VICTIM, str(path), "serial"], stdout=subprocess.DEVNULL, check=True)
        expect(trials).to_have_text("40", timeout=PATIENCE)


def test_a_page_connects_again_to_a_server_that_was_started_again(served: NewPage, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    search(path)
    with serving(path) as server:
        page = open_page(served, server)
        port = server.port
        server.end()
        expect(page.locator("#connection")).to_have_text("connection lost, trying again")
    search(path, num_trials=5, resume=True)
    with serving(path, "--port", str(port)):
        expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE)
        expect(page.locator("dt:text-is('Trials') + dd .tile-value")).to_have_text("5", timeout=PATIENCE)


def test_a_list_of_studies_grows_while_it_is_looked_at(served: NewPage, tmp_path: Path) -> None:
    add_studies(tmp_path / "a.db", 0, 13)
    with serving(tmp_path) as server:
        page = open_page(served, server)
        links = page.locator("#list a")
        expect(links).to_have_count(13)
        links.first.focus()
        add_studies(tmp_path / "a.db", 13, 14)
        expect(links.nth(13)).to_have_text("a.db: <b>13</b>", timeout=PATIENCE)
        (tmp_path / "b.db").write_text("no database" * 1000)
        expect(page.locator("#list li").nth(14)).to_contain_text(
            "b.db is no SQLite database", timeout=PATIENCE
        )
        # A file that is written anew takes its error with it.
        (tmp_path / "b.db").unlink()
        search(tmp_path / "b.db", "last")
        expect(links.nth(14)).to_have_text("b.db: last", timeout=PATIENCE)
        expect(page.locator("h1")).to_have_text(f"15 studies in {tmp_path.name}")
        expect(links.first).to_be_focused()
        links.nth(14).click()
        expect(page.locator("h1")).to_have_text("last")


@pytest.mark.parametrize("dark", [False, True])
def test_a_list_of_studies_has_the_colours_of_the_system_and_of_its_button(
    served: NewPage, tmp_path: Path, dark: bool
) -> None:
    add_studies(tmp_path / "a.db", 0, 13)
    with serving(tmp_path) as server:
        page = open_page(served, server, dark=dark)
        root = page.locator("html")
        before, after = ("dark", "light") if dark else ("light", "dark")
        expect(root).to_have_attribute("data-theme", before)
        page.locator("#theme").click()
        expect(root).to_have_attribute("data-theme", after)
        # The study's own page is in the colours that were chosen.
        page.locator("#list a").first.click()
        expect(root).to_have_attribute("data-theme", after)


HIDE = "Object.defineProperty(document, 'hidden', {get: () => %s, configurable: true});"
TURN = HIDE + "document.dispatchEvent(new Event('visibilitychange'))"


def test_hidden_pages_leave_room_for_the_next_one_and_hear_what_they_missed(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "study.db"
    search(path)
    # Tabs of one window, which share the connections that a browser has to one server.
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    with serving(path) as server:
        pages = []
        for _ in range(8):
            pages.append(context.new_page())
            pages[-1].goto(f"http://127.0.0.1:{server.port}/")
            expect(pages[-1].locator("#connection")).to_have_text("live", timeout=PATIENCE)
            pages[-1].evaluate(TURN % "true")
        search(path, num_trials=5, resume=True)
        pages[0].evaluate(TURN % "false")
        trials = pages[0].locator("dt:text-is('Trials') + dd .tile-value")
        expect(trials).to_have_text("5", timeout=PATIENCE)
        expect(pages[0].locator("#connection")).to_have_text("live")
    context.close()


def test_what_cannot_be_read_is_said_beside_what_can(served: NewPage, tmp_path: Path) -> None:
    search(tmp_path / "good.db")
    search(tmp_path / "bad.db")
    with closing(sqlite3.connect(tmp_path / "bad.db")) as connection, connection:
        connection.execute("UPDATE hpo_events SET text = '<img src=x>' WHERE number = 2")
    with serving(tmp_path) as server:
        page = open_page(served, server)
        expect(page.locator("#troubles")).to_contain_text("bad.db: first: The study 'first' in ")
        expect(page.locator("#troubles")).to_contain_text("received '<img src=x>'")
        expect(page.locator("h1")).to_have_text("first")
        (tmp_path / "good.db").rename(tmp_path / "away")
        expect(page.locator("#troubles p")).to_have_count(2, timeout=PATIENCE)
        (tmp_path / "away").rename(tmp_path / "good.db")
        expect(page.locator("#troubles p")).to_have_count(1, timeout=PATIENCE)


def test_the_printed_address_opens_the_page_and_forgets_the_token(served: NewPage, tmp_path: Path) -> None:
    search(tmp_path / "study.db")
    with serving(tmp_path / "study.db", "--allow-host", "hpo.example.org") as server:
        assert server.token is not None
        page = served()
        page.goto(f"http://localhost:{server.port}/?token={server.token}")
        page.wait_for_selector(DRAWN)
        expect(page.locator("#connection")).to_have_text("live")
        assert page.url == f"http://localhost:{server.port}/"
        assert server.token not in page.content()


def test_the_page_below_a_cell_of_a_notebook_is_drawn(watched: NewPage, tmp_path: Path) -> None:
    shown = document(studies.asha(tmp_path))
    inside = frame(render(to_script(shown), title=shown["title"]), title=shown["title"], height=600)
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><h1>A notebook</h1>{inside}")
    page = watched()
    page.goto(path.as_uri())
    drawn = page.frame_locator("iframe")
    drawn.locator(DRAWN).wait_for(state="attached", timeout=PATIENCE)
    expect(drawn.locator("h1")).to_have_text(shown["title"])
    drawn.get_by_role("link", name="Trials").click()
    expect(drawn.locator("#trials")).to_be_in_viewport()
