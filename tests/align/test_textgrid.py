"""TextGrids as Praat reads them."""

import json
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tacotron.align.textgrid import Interval, alignment_json, textgrid


def read_textgrid(text: str) -> dict[str, list[tuple[float, float, str]]]:
    """A strict reader of the long format, written from Praat's manual."""
    tiers = {}
    for tier in re.split(r"    item \[\d+\]:\n", text)[1:]:
        name = re.search(r'name = "((?:[^"]|"")*)"', tier)[1].replace('""', '"')
        rows = re.findall(r'xmin = ([\d.]+)\n +xmax = ([\d.]+)\n +text = "((?:[^"]|"")*)"', tier)
        assert int(re.search(r"intervals: size = (\d+)", tier)[1]) == len(rows)
        tiers[name] = [(float(a), float(b), t.replace('""', '"')) for a, b, t in rows]
    assert int(re.search(r"^size = (\d+)", text, re.M)[1]) == len(tiers)
    return tiers


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.text("a\"'é1", max_size=5))))
def test_tiers_span_the_whole_without_gaps(parts: list[tuple[int, int, str]]) -> None:
    intervals, now = [], 0.0
    for gap, length, text in parts:
        intervals.append(Interval(now + gap / 100, now + (gap + length) / 100, text))
        now = intervals[-1].end
    found = read_textgrid(textgrid({"words": intervals}, now + 0.5))["words"]
    assert found[0][0] == 0
    assert abs(found[-1][1] - (now + 0.5)) < 1e-5
    assert all(a[1] == b[0] for a, b in pairwise(found))
    texts = [text for _, _, text in found if text]
    assert texts == [i.text for i in intervals if i.text]


def test_json_holds_the_same_times() -> None:
    body = json.loads(alignment_json({"words": [Interval(0.1, 0.25, "hi")]}, 0.5, score=-1.0))
    assert body == {
        "duration": 0.5,
        "score": -1.0,
        "words": [{"start": 0.1, "end": 0.25, "text": "hi"}],
    }
