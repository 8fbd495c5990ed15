"""Alignments as files that other programs read: Praat TextGrid and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Interval:
    start: float  # seconds
    end: float  # seconds
    text: str


def textgrid(tiers: dict[str, Sequence[Interval]], duration: float) -> str:
    """A Praat TextGrid (long text format) of interval tiers that span ``duration`` seconds.

    Gaps between intervals become empty intervals, as the format demands.
    """
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {duration:.6f}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, (name, intervals) in enumerate(tiers.items(), 1):
        filled = _without_gaps(intervals, duration)
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f'        name = "{_quoted(name)}"',
            "        xmin = 0",
            f"        xmax = {duration:.6f}",
            f"        intervals: size = {len(filled)}",
        ]
        for place, interval in enumerate(filled, 1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {interval.start:.6f}",
                f"            xmax = {interval.end:.6f}",
                f'            text = "{_quoted(interval.text)}"',
            ]
    return "\n".join(lines) + "\n"


def alignment_json(tiers: dict[str, Sequence[Interval]], duration: float, **facts: object) -> str:
    """The same tiers as JSON: ``{"duration": s, "words": [{"start", "end", "text"}], ...}``."""
    body = {"duration": round(duration, 6), **facts}
    for name, intervals in tiers.items():
        body[name] = [
            {**asdict(i), "start": round(i.start, 6), "end": round(i.end, 6)} for i in intervals
        ]
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def _without_gaps(intervals: Sequence[Interval], duration: float) -> list[Interval]:
    filled, now = [], 0.0
    for interval in intervals:
        if interval.start > now + 1e-9:
            filled.append(Interval(now, interval.start, ""))
        filled.append(interval)
        now = interval.end
    if now < duration - 1e-9 or not filled:
        filled.append(Interval(now, duration, ""))
    return filled


def _quoted(text: str) -> str:
    return text.replace('"', '""')
