"""Take the README's picture of the page while it speaks.

    python scripts/screenshot_page.py

starts `tacotron serve`, opens its page in Chromium (the system's, or playwright's own), lets it
speak and writes docs/images/page.png in the middle of a word. Needs the extras [serve] and [test].
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tacotron.errors import TacotronError
from tacotron.files import atomic_write

TARGET = Path(__file__).parent.parent / "docs" / "images" / "page.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
COLORS = 128  # of the picture's palette: the page has one accent, so nobody sees what is missing
PATIENCE = 400_000  # ms until something must have happened
SETTLED = 1000  # ms after which nothing of the page fades or moves

# Stops the sound's clock at a word (or the next, where the machine is too slow to show it), and the
# sound, which would take a moment more: the page goes on to show that moment.
FREEZE = """(() => {
  const contexts = new Set();
  const { get } = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "currentTime");
  let last = 0, frozen = false;
  Object.defineProperty(BaseAudioContext.prototype, "currentTime", {
    get() {
      contexts.add(this);
      return frozen ? last : (last = get.call(this));
    },
  });
  const look = () => {
    const words = [...document.querySelectorAll("#words span")];
    const there = words.findIndex((word) => word.textContent.replace(/\\W/g, "") === WORD);
    const lit = words.findIndex((word) => word.matches(".lit"));
    if (there < 0 || lit < there) return;
    frozen = true;
    contexts.forEach((context) => context.suspend());
    document.documentElement.classList.add("frozen");
  };
  addEventListener("DOMContentLoaded", () => {
    const words = document.querySelector("#words");
    new MutationObserver(look).observe(words, { subtree: true, attributeFilter: ["class"] });
  });
})();"""


def main() -> None:
    """Take it, and say how large it came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=TARGET, help="(default: %(default)s)")
    parser.add_argument("--width", type=int, default=960, help="CSS pixels (default: 960)")
    parser.add_argument("--height", type=int, default=800, help="CSS pixels, at least")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--text", help="what to speak (default: the page's own example)")
    parser.add_argument("--word", default="down", help="take it at this word (default: down)")
    args = parser.parse_args()

    command = [sys.executable, "-m", "tacotron.cli.main", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            picture = take(_address(server), args)
        finally:
            server.terminate()
    small = _fewer_colors(picture)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(args.output, "wb") as file:
        file.write(small)
    print(f"{args.output}: {len(small) / 1000:.0f} kB")


def take(url: str, args: argparse.Namespace) -> bytes:
    """Return a PNG of the page at ``url`` while it speaks ``args.word``."""
    from playwright.sync_api import sync_playwright

    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    arguments = ["--disable-gpu"]  # one that is emulated takes longer than none
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # which root can't have
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        page = browser.new_page(
            viewport={"width": args.width, "height": args.height},
            device_scale_factor=2,
            color_scheme=args.scheme,
        )
        page.set_default_timeout(PATIENCE)
        page.add_init_script(FREEZE.replace("WORD", json.dumps(args.word)))
        page.goto(url)
        page.locator("#voice:enabled").wait_for()
        while not page.request.get(f"{url}ready").ok:
            page.wait_for_timeout(200)
        if args.text:
            page.get_by_label("Text to speak").fill(args.text)
        page.keyboard.press("Control+Enter")
        page.locator("html.frozen").wait_for()
        page.get_by_role("link", name="srt").wait_for()  # all figures are there
        page.wait_for_timeout(SETTLED)
        picture = page.screenshot(full_page=True)
        browser.close()
    return picture


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    found = re.search(r"http://\S+", server.stdout.readline())
    if found is None:
        raise TacotronError("The server did not start: see what it says above.")
    return found[0] + "/"


def _fewer_colors(picture: bytes) -> bytes:
    from PIL import Image

    small = (
        Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    )
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    main()
