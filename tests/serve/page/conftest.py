"""The page before Chromium: `tacotron serve` in a process of its own, speaking the hum voice.

Whatever the browser complains of (an error in the console, something that the content policy
forbids, a request to another host) fails the test during which it happens.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tacotron.speak import Chunk, Voice

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60_000  # ms until a test gives up on what must happen
LIMIT = 5000  # characters that the server takes

# Notes what is asked of Web Audio, and which words light up, for tests to look at.
SPY = """
window.spy = { starts: [], lit: [] };
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, offset) {
  spy.starts.push({
    when, offset, now: this.context.currentTime, asked: performance.now(),
    samples: this.buffer.length, rate: this.buffer.sampleRate, output: this.context.sampleRate,
  });
  start.call(this, when, offset);
};
addEventListener("DOMContentLoaded", () => {
  let last = null;
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (target === last || !target.classList.contains("lit")) continue;
      spy.lit.push(target.textContent);
      last = target;
    }
  }).observe(document.querySelector("#words"), { subtree: true, attributeFilter: ["class"] });
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium: the system's, or else the one that playwright has."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=PATIENCE)
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    arguments = ["--disable-gpu"]  # one that is emulated takes longer than none
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # which root can't have
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=found, args=arguments)
        except playwright.Error as error:
            pytest.skip(f"no Chromium to show the page: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@dataclass
class Serving:
    """A `tacotron serve` that runs."""

    url: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def serve(voices: Path) -> Iterator[Callable[..., Serving]]:
    """Starts `tacotron serve` with the hum voice on a free port; ends it with the module."""
    processes = []

    def serve(*arguments: str) -> Serving:
        command = [sys.executable, "-m", "tacotron.cli.main", "serve"]
        process = subprocess.Popen(
            [*command, "--voice", "hum", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        url = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert url, "the server says where it is"
        return Serving(url[0] + "/", process)

    yield serve
    for process in processes:
        process.terminate()
        assert process.stdout is not None
        process.stdout.close()
    for process in processes:
        process.wait(PATIENCE / 1000)


@pytest.fixture(scope="module")
def server(serve: Callable[..., Serving]) -> Serving:
    """For tests that leave it as it was."""
    return serve("--max-characters", str(LIMIT))


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page of a server, in a window of its own.

    ``expected`` is a pattern of what the browser may complain of; ``ready`` whether the voices must
    have come.
    """
    contexts = []
    complaints: list[str] = []

    def show(url: str, *, expected: str | None = None, ready: bool = True, **options: Any) -> Any:
        def complain(text: str) -> None:
            if expected is None or not re.search(expected, text):
                complaints.append(text)

        context = browser.new_context(**({"viewport": {"width": 800, "height": 700}} | options))
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(SPY)
        page = context.new_page()
        page.on("console", lambda said: said.type != "log" and complain(said.text))
        page.on("pageerror", lambda error: complain(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((url, "data:", "blob:" + url.rstrip("/")))
                or complain(f"a request to {request.url}")
            ),
        )
        page.goto(url)
        if ready:
            page.locator("#voice:enabled").wait_for()
        return page

    yield show
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def spoken(hum_voice: Path) -> Callable[..., list[Chunk]]:
    """What a text should sound like."""
    voice = Voice.load(hum_voice)
    return lambda text, **options: list(voice.synthesize(text, **options))
