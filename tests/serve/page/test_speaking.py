"""What the page is for: speech that is heard, seen and kept."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tacotron.speak import Chunk
from tacotron.speak.captions import caption, srt, vtt

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TEXT = "Hello there. General remarks follow."
LONG = "This is a rather long remark about nothing at all. " * 90  # speech of some minutes

# How many a picture has.
COLORS = """(id) => {
  const canvas = document.getElementById(id);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""

Show = Callable[..., Any]
Spoken = Callable[..., list[Chunk]]


def speak(page: Any, text: str) -> None:
    page.get_by_label("Text to speak").fill(text)
    page.get_by_role("button", name="Speak").click()


def expect(page: Any, selector: str) -> Any:
    return playwright.expect(page.locator(selector))


def wait_for_status(page: Any, status: str) -> None:
    expect(page, "#status").to_have_text(re.compile(status))


def download(page: Any, link: str) -> tuple[str, bytes]:
    """The name and the content of what ``link`` gives."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile(f"Download .*, {link}")).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def samples(chunks: list[Chunk]) -> np.ndarray:
    scaled = np.rint(np.concatenate([chunk.audio for chunk in chunks]) * 32768)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def words(chunks: list[Chunk]) -> list[str]:
    return [word.text for chunk in chunks for word in caption(chunk).words]


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(each in rest for each in part)


# ---- Speaking -----------------------------------------------------------------------------------


def test_speaks(server: Any, show: Show, spoken: Spoken) -> None:
    page = show(server.url)
    expect(page, "#speech").to_be_hidden()
    speak(page, TEXT)
    expect(page, ".lit").to_have_count(1)
    wait_for_status(page, r"^Spoken: \d+\.\d seconds\.$")

    chunks = spoken(TEXT)
    assert page.locator("#words span").all_text_contents() == words(chunks)
    lit = page.evaluate("spy.lit")
    assert len(lit) > 1
    assert is_subsequence(lit, words(chunks))
    expect(page, ".lit").to_have_count(0)
    expect(page, "#first-sound").to_have_text(re.compile(r"^\d+\.\d\d s$"))
    expect(page, "#factor").to_have_text(re.compile(r"^\d+\.\d+ \d+(\.\d)? \S real time$"))
    expect(page, "#now").to_have_text(page.locator("#length").inner_text())


def test_downloads(server: Any, show: Show, spoken: Spoken) -> None:
    page = show(server.url)
    speak(page, TEXT)
    playwright.expect(page.get_by_role("link", name="wav")).to_be_visible()

    chunks = spoken(TEXT)
    name, wav = download(page, "wav")
    assert name == "hello-there-general-remarks-follow.wav"
    wave, rate = soundfile.read(io.BytesIO(wav), dtype="int16")
    assert rate == 22050
    np.testing.assert_array_equal(wave, samples(chunks))
    captions = [caption(chunk) for chunk in chunks]
    assert download(page, "srt") == (name[:-3] + "srt", srt(captions).encode())
    assert download(page, "vtt") == (name[:-3] + "vtt", vtt(captions).encode())


def test_plays_without_gaps(server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page, "One remark. Another one. And a third. The last one.")
    wait_for_status(page, "^Spoken")
    starts = page.evaluate("spy.starts")
    assert len(starts) >= 4
    assert {start["output"] for start in starts} == {22050}  # nothing is resampled at the joints
    for before, start in pairwise(starts):
        end = before["when"] + before["samples"] / before["rate"]
        if start["now"] < end:  # it came in time
            assert start["when"] == pytest.approx(end, abs=0.1 / start["rate"])
        else:
            assert start["when"] > start["now"]
        assert start["offset"] == 0


def test_sounds_before_all_is_made(server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page, LONG)
    wait_for_status(page, "Speaking")
    playwright.expect(page.get_by_role("link", name="srt")).to_be_visible()  # all is made
    last = "performance.getEntriesByType('resource').findLast((e) => e.name.endsWith('speak'))"
    assert page.evaluate("spy.starts[0].asked") < page.evaluate(f"{last}.responseEnd")


def test_sounds_before_a_sentence_is_made(
    start: Callable[..., Any],
    streaming_voice: Path,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = start(voices=(str(streaming_voice),))
    sentence = "Well, " + "as long as it takes, " * 8 + "no more."
    make, go_on = running.service.speak, threading.Event()

    def speak_one_part(speaking: Any) -> Iterator[Chunk]:
        for chunk in make(speaking):
            yield chunk
            go_on.wait(60)

    monkeypatch.setattr(running.service, "speak", speak_one_part)
    page = show(running.url + "/")
    speak(page, sentence)
    try:
        wait_for_status(page, "^Waiting for more")  # the first part has been heard to its end
        expect(page, "#first-sound").to_have_text(re.compile(r"^\d+\.\d\d s$"))
        assert page.evaluate("spy.lit")
        assert page.evaluate(COLORS, "mel") > 20
    finally:
        go_on.set()
    wait_for_status(page, "^Spoken")
    starts = page.evaluate("spy.starts")
    assert len(starts) > 5
    # One sound, without a gap: the parts lie end to end unless one came late.
    for before, start_ in pairwise(starts):
        end = before["when"] + before["samples"] / before["rate"]
        assert start_["when"] >= end - 0.1 / start_["rate"]
    assert page.locator("#words span").all_text_contents() == sentence.split()
    lit = page.evaluate("spy.lit")
    assert len(lit) > 5
    assert is_subsequence(lit, sentence.split())


def test_speed_and_speaker(server: Any, show: Show, spoken: Spoken) -> None:
    page = show(server.url)
    page.get_by_label("Text to speak").fill(TEXT)
    page.get_by_label("Speaker").select_option("tenor")
    speed = page.get_by_label("Speed")
    playwright.expect(speed).to_have_attribute("aria-valuetext", "1 times")
    speed.press("End")
    playwright.expect(speed).to_have_attribute("aria-valuetext", "4 times")
    expect(page, "#speed-output").to_contain_text("4")
    page.get_by_role("button", name="Speak").click()
    playwright.expect(page.get_by_role("link", name="wav")).to_be_visible()
    wave, _ = soundfile.read(io.BytesIO(download(page, "wav")[1]), dtype="int16")
    np.testing.assert_array_equal(wave, samples(spoken(TEXT, speaker="tenor", speed=4.0)))


def test_pictures(server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page, TEXT)
    wait_for_status(page, "^Spoken")
    assert page.evaluate(COLORS, "mel") > 20
    assert page.evaluate(COLORS, "wave") > 2


def test_examples(server: Any, show: Show) -> None:
    page = show(server.url)
    text = page.get_by_label("Text to speak")
    offered = {text.input_value()}  # one stands there from the beginning
    assert all(offered)
    for button in page.get_by_role("group", name="Try").get_by_role("button").all():
        button.click()
        offered.add(text.input_value())
        expect(page, "#status").to_have_text("")  # it is not spoken unasked
    assert len(offered) == 5


# ---- Stopping, and playing again ----------------------------------------------------------------


def test_stop(start: Callable[..., Any], show: Show) -> None:
    running = start(characters=20 * len(LONG))
    pool = running.service.pool
    page = show(running.url + "/")
    speak(page, 20 * LONG)
    playwright.expect(page.locator(".lit")).to_have_count(1)
    with running.held_workers():  # so that it can't come to its end by itself
        assert pool.open == 1
        page.get_by_role("button", name="Stop").click()
        wait_for_status(page, "^Stopped at 0:")
        deadline = time.monotonic() + 60
        while pool.open:
            assert time.monotonic() < deadline, "the server goes on"
            time.sleep(0.01)
    at = page.locator("#now").inner_text()
    page.wait_for_timeout(1200)  # in which a sound that went on would move on
    assert page.locator("#now").inner_text() == at
    wave, _ = soundfile.read(io.BytesIO(download(page, "wav")[1]))  # of what was made
    assert len(wave) > 0
    assert page.get_by_role("link", name="srt").count() == 0


def test_play_again(server: Any, show: Show) -> None:
    page = show(server.url)
    speak(page, TEXT)
    wait_for_status(page, "^Spoken")
    before = page.evaluate("spy.starts.length")
    page.get_by_role("button", name="Play").click()
    wait_for_status(page, "^Speaking")
    page.get_by_role("button", name="Pause").click()
    wait_for_status(page, "^Stopped")
    page.get_by_role("button", name="Play").click()
    wait_for_status(page, "^Spoken")
    assert page.evaluate("spy.starts.length") > before
