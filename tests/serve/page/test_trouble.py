"""What goes wrong, each in clear words, and how the page goes on from there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tacotron.serve.service import Speaking

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TEXT = "Hello there."
ENDLESS = "This is a rather long remark about nothing at all. " * 2000  # an hour of speech
GONE = re.compile("The server doesn.t answer. Is tacotron serve still running?")

Show = Callable[..., Any]


def speak(page: Any, text: str) -> None:
    page.get_by_label("Text to speak").fill(text)
    page.get_by_role("button", name="Speak").click()


def wait_for_status(page: Any, status: str) -> None:
    playwright.expect(page.locator("#status")).to_have_text(re.compile(status))


def notice(page: Any) -> Any:
    """What the page complains of."""
    return playwright.expect(page.get_by_role("alert"))


def assert_text_is_marked(page: Any) -> None:
    text = page.get_by_label("Text to speak")
    playwright.expect(text).to_be_focused()
    playwright.expect(text).to_have_attribute("aria-invalid", "true")


def assert_recovers(page: Any) -> None:
    """It speaks as if nothing had been."""
    speak(page, TEXT)
    wait_for_status(page, "^Spoken")
    notice(page).to_have_count(0)  # hidden ones have no role
    playwright.expect(page.get_by_label("Text to speak")).not_to_have_attribute(
        "aria-invalid", "true"
    )


@pytest.mark.parametrize("text", ["", "  \n "])
def test_no_text(text: str, server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page, text)
    notice(page).to_contain_text("There is nothing to speak yet: type a text, or try an example.")
    assert_text_is_marked(page)
    assert_recovers(page)


def test_nothing_to_speak(server: Any, show: Show) -> None:
    page = show(server.url, expected="status of 400")
    speak(page, "?!")
    notice(page).to_contain_text("has nothing to speak")
    assert_text_is_marked(page)
    assert_recovers(page)


def test_too_long(server: Any, show: Show) -> None:
    page = show(server.url)
    page.get_by_label("Text to speak").fill("a" * 4500)
    playwright.expect(page.locator("#count")).to_have_text("4,500 of 5,000 characters")
    speak(page, "a" * 5012)
    notice(page).to_contain_text(
        "This text is too long: the server speaks 5,000 characters at once. Shorten it by 12."
    )
    assert_text_is_marked(page)
    assert_recovers(page)
    playwright.expect(page.locator("#count")).to_be_hidden()


def test_busy(start: Callable[..., Any], show: Show) -> None:
    running = start(queue=0)
    page = show(running.url + "/", expected="status of 503")
    with running.held_workers():
        speak(page, TEXT)
        notice(page).to_contain_text(
            "The server is busy speaking for others. Try again in 1 second."
        )
        clock = page.locator("#notice-clock")
        playwright.expect(clock).to_have_attribute("aria-hidden", "true")
        playwright.expect(clock).to_contain_text("Now may be a good time: press Speak.")
    assert_recovers(page)


def test_time_is_up(start: Callable[..., Any], show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if what was sent had been heard: there are minutes of it.
    monkeypatch.setattr(Speaking, "due", lambda speaking: speaking.began)
    running = start(seconds=4.0, characters=len(ENDLESS))
    page = show(running.url + "/")
    speak(page, ENDLESS)
    playwright.expect(page.locator(".lit")).to_have_count(1)
    with running.held_workers():
        notice(page).to_contain_text("The request took longer than it may: ask for less at once.")
    page.keyboard.press("Escape")
    playwright.expect(page.get_by_role("link", name="wav")).to_be_visible()
    assert_recovers(page)


def test_server_out_of_reach(server: Any, show: Show) -> None:
    page = show(server.url, expected="ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    speak(page, TEXT)
    notice(page).to_contain_text(GONE)
    page.context.set_offline(False)
    assert_recovers(page)


def test_server_gone_at_the_beginning(serve: Callable[..., Any], show: Show) -> None:
    serving = serve()
    page = show(serving.url, expected="ERR_CONNECTION_REFUSED")
    serving.process.kill()
    serving.process.wait()
    speak(page, TEXT)
    notice(page).to_contain_text(GONE)
    playwright.expect(page.get_by_role("button", name="Speak")).to_be_visible()


def test_server_gone_while_it_speaks(serve: Callable[..., Any], show: Show) -> None:
    serving = serve("--max-characters", str(len(ENDLESS)))
    page = show(serving.url, expected="ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET")
    speak(page, ENDLESS)
    playwright.expect(page.locator(".lit")).to_have_count(1)
    serving.process.kill()
    serving.process.wait()
    notice(page).to_contain_text(re.compile(r"The server fell silent after \d+:\d\d\."))
    wait_for_status(page, "^Speaking")  # what has come is played
    playwright.expect(page.get_by_role("link", name="wav")).to_be_visible()
    page.keyboard.press("Escape")
    wait_for_status(page, "^Stopped at 0:")


def test_another_text_while_one_is_spoken(server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page, "A remark that nobody will hear the end of. " * 20)
    playwright.expect(page.locator(".lit")).to_have_count(1)
    text = page.get_by_label("Text to speak")
    text.fill(TEXT)
    text.press("Control+Enter")
    wait_for_status(page, r"^Spoken")
    assert page.locator("#words span").all_text_contents() == ["Hello", "there."]


def test_key(serve: Callable[..., Any], show: Show, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("open sesame\n")
    serving = serve("--api-key-file", str(tmp_path / "key"))
    credentials = {"username": "any", "password": "open sesame"}
    page = show(serving.url, http_credentials=credentials)
    assert_recovers(page)
