"""The page for everyone: by keyboard, read aloud, on phones, in the dark, without motion."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tacotron.serve

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TEXT = "Hello there, whoever you are."
FOLDER = Path(tacotron.serve.__file__).parent / "page"
NARROW = {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True}

# Colors that text or the outline of a control has, and what is behind them (WCAG 2.2, 1.4.3 and
# 1.4.11).
TEXTS = [
    ("ink", "paper"),
    ("ink", "sheet"),
    ("soft", "paper"),
    ("soft", "sheet"),
    ("accent", "paper"),
    ("accent", "sheet"),
    ("accent-deep", "paper"),
    ("accent-deep", "wash"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
    ("wrong", "sheet"),
    ("ink", "wrong-wash"),
]
OUTLINES = [("edge", "paper"), ("edge", "sheet"), ("wrong", "wrong-wash"), ("ink", "mel-0")]

FOCUS_IS_VISIBLE = """() => {
  const style = getComputedStyle(document.activeElement);
  const around = document.activeElement.closest(".sheet");
  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
    || (around !== null && getComputedStyle(around).boxShadow !== "none");
}"""

Show = Callable[..., Any]


def wait_for_status(page: Any, status: str) -> None:
    playwright.expect(page.locator("#status")).to_have_text(re.compile(status))


def speak(page: Any, text: str = TEXT) -> None:
    page.get_by_label("Text to speak").fill(text)
    page.get_by_role("button", name="Speak").click()
    wait_for_status(page, "^Spoken")


def test_keyboard_alone(server: Any, show: Show) -> None:
    page = show(server.url)
    keys = page.keyboard
    keys.press("Tab")
    keys.press("Control+A")
    keys.insert_text("A remark that is long enough to be stopped. " * 5)
    keys.press("Control+Enter")
    playwright.expect(page.locator(".lit")).to_have_count(1)
    keys.press("Escape")
    wait_for_status(page, "^Stopped")

    stops = ["text"]
    for _ in range(30):
        assert page.evaluate(FOCUS_IS_VISIBLE), stops[-1]
        keys.press("Tab")
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.text"))
        if stops[-1] == "interface":
            break
    order = ["text", "voice", "speaker", "speed", "speak", "position", "play", "wav", "interface"]
    assert [stop for stop in stops if stop in order] == order


def test_keys_of_the_position(server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page)
    position = page.get_by_role("slider", name="Position in the speech")
    length = float(position.get_attribute("max"))
    assert length > 1
    position.press("Home")
    playwright.expect(page.locator("#now")).to_have_text("0:00")
    position.press("ArrowRight")
    playwright.expect(page.locator("#now")).to_have_text("0:01")
    assert position.get_attribute("aria-valuetext") == f"0:01 of 0:0{int(length)}"
    position.press("ArrowLeft")
    playwright.expect(page.locator("#now")).to_have_text("0:00")
    position.press("End")
    wait_for_status(page, "^Spoken")


def test_everything_has_a_name(server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page)
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    focusable = [
        node
        for node in nodes
        if not node["ignored"]
        and any(p["name"] == "focusable" and p["value"]["value"] for p in node["properties"])
        and node["role"]["value"] != "RootWebArea"
    ]
    names = [node["name"]["value"] for node in focusable]
    assert len(names) >= 15
    assert all(names)
    pictures = [node for node in nodes if node.get("role", {}).get("value") == "image"]
    assert all(node["name"]["value"] for node in pictures)
    assert len(pictures) == 1  # the mel; others say nothing that isn't said in words


def test_structure(server: Any, show: Show) -> None:
    page = show(server.url)
    assert page.title() == "Tacotron"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == 1
    for role in ("banner", "main", "contentinfo", "status"):
        assert page.get_by_role(role).count() == 1, role
    speak(page)
    playwright.expect(page.get_by_role("region", name="Speech")).to_be_visible()
    assert page.locator("#words").get_attribute("lang") == "en-US"
    assert page.locator("#status").get_attribute("role") == "status"  # read out as it changes
    ids = page.eval_on_selector_all("[id]", "(all) => all.map((one) => one.id)")
    assert len(ids) == len(set(ids))


def test_narrow(server: Any, show: Show) -> None:
    page = show(server.url, **NARROW)

    def assert_it_fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        over = """(all) => all.filter((one) => one.checkVisibility() && !one.matches(".hidden")
          && one.getBoundingClientRect().right > 320).map((one) => one.outerHTML)"""
        assert page.eval_on_selector_all("body *", over) == []

    assert_it_fits()
    page.get_by_label("Text to speak").fill("")
    page.get_by_role("button", name="Speak").tap()
    playwright.expect(page.get_by_role("alert")).to_be_visible()
    assert_it_fits()
    speak(page, f"{TEXT} {'o' * 60}")
    assert_it_fits()
    small = """(all) => all.filter((one) => one.checkVisibility()
      && Math.min(one.offsetWidth, one.offsetHeight) < 24).map((one) => one.outerHTML)"""
    assert page.eval_on_selector_all("button, select, input, .downloads a", small) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str, server: Any, show: Show) -> None:
    page = show(server.url, color_scheme=scheme)

    def luminance(name: str) -> float:
        value = page.evaluate(
            f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')"
        )
        parts = [int(value.strip()[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    for pairs, least in ((TEXTS, 4.5), (OUTLINES, 3.0)):
        assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < least} == {}
    assert (luminance("paper") < 0.1) == (scheme == "dark")


def test_the_dark_may_come_later(server: Any, show: Show) -> None:
    page = show(server.url, color_scheme="light", expected="willReadFrequently")
    speak(page)
    corner = """() => {
      const canvas = document.getElementById("mel");
      return canvas.getContext("2d").getImageData(canvas.width / 2, 8, 1, 1).data[0];
    }"""
    assert page.evaluate(corner) > 200
    page.emulate_media(color_scheme="dark")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.evaluate(corner) < 100


def test_without_motion(server: Any, show: Show) -> None:
    page = show(server.url, reduced_motion="reduce")
    speak(page)
    lasts = "(one) => getComputedStyle(one).transitionDuration"
    assert page.locator("#words span").first.evaluate(lasts) == "0s"


def test_files() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == [
        "index.html",
        "page.css",
        "page.js",
        "speech.js",
    ]
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert len(text) < 25_000, path
        hosts = set(re.findall(r"https?://([^/'\"\s]+)", text))
        assert hosts <= {"www.w3.org"}, path  # the name of SVG, which nothing is asked for
