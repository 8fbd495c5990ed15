"""report.html: what a prepared corpus looks like, what looks wrong with it, what fits it.

One file without scripts, in light or dark as the reader's system is, that can be mailed; only its
links to recordings need the corpus beside it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from tacotron.data.advice import advice
from tacotron.data.charts import bars, histogram
from tacotron.data.checks import flag_code
from tacotron.data.corpus import REPORT_FILE, PreparedCorpus, Utterance
from tacotron.files import atomic_write

#: Rows of a table before the rest is only counted: a page of 10,000 rows helps nobody.
MOST_ROWS = 200

#: Characters of a text before the rest is folded away: a chapter would bury the other rows.
MOST_TEXT = 300

#: Lowest alignment scores shown.
LOWEST_SCORES = 50

#: A histogram shows all but this share of the values at each end in their own bars.
OUTER_PERCENT = 0.5

STYLE = """
:root { color-scheme: light dark; --ground: #fbfaf7; --panel: #ffffff; --text: #23262b;
  --faint: #6b6f76; --line: #e2dfd8; --bar: #3a7ca5; --mark: #b4491f; --good: #2f7d4f; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181b; --panel: #1e2125;
  --text: #e4e3df; --faint: #9a9c9f; --line: #34383e; --bar: #6fb1d6; --mark: #f0986c;
  --good: #7cc79a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 72rem; background: var(--ground);
  color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
p { margin: .4rem 0; } .faint { color: var(--faint); } code { font-size: .92em; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0; }
.figures div, figure, .table, .advice { background: var(--panel); border: 1px solid var(--line);
  border-radius: .6rem; }
.figures div { padding: .8rem 1rem; }
.figures b { display: block; font-size: 1.4rem; white-space: nowrap; }
.figures span { color: var(--faint); font-size: .9rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr));
  gap: .75rem; }
figure { margin: 0; padding: .8rem 1rem .4rem; } figcaption { font-size: .92rem; }
svg { display: block; width: 100%; height: auto; font: 11px system-ui, sans-serif;
  font-variant-numeric: tabular-nums; }
svg rect { fill: var(--bar); } svg text { fill: var(--faint); }
svg .axis { stroke: var(--faint); } svg line.mark { stroke: var(--mark); stroke-dasharray: 3 2; }
svg text.mark { fill: var(--mark); }
.advice { margin: 0; padding: .8rem 1rem .8rem 2.2rem; } .advice li { margin: .3rem 0; }
.advice .look::marker { color: var(--mark); } .advice .fits::marker { color: var(--good); }
.advice li::marker { content: "\\25CF  "; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th { text-align: left; color: var(--faint); font-weight: 600; }
th, td { padding: .45rem .9rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } td.n, th.n { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
td.id { overflow-wrap: anywhere; min-width: 8rem; font-family: ui-monospace, monospace;
  font-size: .85rem; }
td.why { min-width: 18rem; } a { color: var(--bar); }
td b { color: var(--mark); font-weight: 600; }
"""


def write_report(folder: str | Path) -> Path:
    """Write report.html of the prepared corpus in ``folder``; return its path.

    All of it comes from the corpus's own files, and from alignment/scores.json where the corpus
    was aligned. Raises `CorpusError` where there is no prepared corpus.
    """
    corpus = PreparedCorpus.open(folder)
    path = corpus.folder / REPORT_FILE
    with atomic_write(path) as file:
        file.write(render(corpus).encode("utf-8", "xmlcharrefreplace"))
    return path


def render(corpus: PreparedCorpus) -> str:
    """Return the report as HTML."""
    header = corpus.header
    excluded = list(corpus.excluded())
    title = escape(", ".join(corpus.speakers[:3]) + (", ..." if len(corpus.speakers) > 3 else ""))
    notes = "".join(f"<p>{escape(note)}</p>" for note in header["source"]["notes"])
    body = [
        f"<h1>Corpus: {title}</h1>",
        f'<p class="faint">{escape(header["source"]["layout"])}, '
        f"<code>{escape(header['source']['list'])}</code></p>{notes}",
        _figures(corpus),
        _section("What fits", _advice(corpus)),
        _section("The corpus in charts", f'<div class="charts">{"".join(_charts(corpus))}</div>'),
        _speakers(corpus),
        _scores(corpus),
        _flagged(corpus),
        _section(f"Excluded: {len(excluded)}", _excluded(excluded)),
        _section("Settings", _settings(corpus)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Corpus report: {title}</title><style>{STYLE}</style></head>\n"
        f"<body>{chr(10).join(part for part in body if part)}</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{content}"


def _figures(corpus: PreparedCorpus) -> str:
    header = corpus.header
    flagged = sum(bool(item.flags) for item in corpus.utterances)
    hours = header["seconds"] / 3600
    pairs = [
        (f"{hours:.2f} h" if hours >= 1 else f"{hours * 60:.1f} min", "of speech"),
        (f"{header['listed']:,}", "utterances listed"),
        (f"{header['utterances']:,}", "prepared"),
        (f"{header['excluded']:,}", "excluded"),
        (f"{flagged:,}", "prepared, but suspicious"),
        (
            f"{header['heldout']['utterances']:,}",
            f"held out, {header['heldout']['prompts']} prompts",
        ),
        (f"{len(corpus.speakers):,}", "speaker" + "s" * (len(corpus.speakers) != 1)),
    ]
    cells = "".join(f"<div><b>{number}</b><span>{label}</span></div>" for number, label in pairs)
    return f'<div class="figures">{cells}</div>'


def _advice(corpus: PreparedCorpus) -> str:
    items = "".join(
        f'<li class="{"fits" if item.fits else "look"}">{escape(item.sentence)}</li>'
        for item in advice(corpus)
    )
    return f'<ul class="advice">{items}</ul>'


def _charts(corpus: PreparedCorpus) -> list[str]:
    items = corpus.utterances
    level = corpus.header["level_dbfs"]
    charts = [
        _histogram([item.seconds for item in items], "Length", "s"),
        _histogram(
            [len(item.text) / item.seconds for item in items], "Pace", "characters a second"
        ),
        _histogram(
            [len(item.symbols) / item.seconds for item in items], "Pace", "symbols a second"
        ),
        _histogram(_levels(items, "active_dbfs"), "Speech level as recorded", "dBFS", now=level),
        _histogram(_levels(items, "loudness_lufs"), "Loudness as recorded", "LUFS"),
        _histogram(_levels(items, "noise_dbfs"), "Noise floor as recorded", "dBFS"),
        _histogram(_levels(items, "speech_to_noise_db"), "Speech above noise", "dB"),
        _histogram(
            [value / 1000 for value in _levels(items, "bandwidth_hz")],
            "Bandwidth of speech",
            "kHz",
            fmax=corpus.convention.fmax / 1000,
        ),
    ]
    return [chart for chart in charts if chart] + [_mel_chart(corpus)]


def _levels(items: Iterable[Utterance], name: str) -> list[float]:
    return [item.levels[name] for item in items if name in item.levels]


def _histogram(values: Sequence[float], title: str, unit: str, **marks: float) -> str:
    if not values:
        return ""
    low, high = np.percentile(values, (OUTER_PERCENT, 100 - OUTER_PERCENT))
    span = min(low, *marks.values(), high), max(high, *marks.values(), low)
    marks = {"median": float(np.median(values))} | marks
    return histogram(values, title=title, unit=unit, marks=marks, span=span)


def _mel_chart(corpus: PreparedCorpus) -> str:
    mel = corpus.header["mel"]
    marks = {
        "floor": mel["floor"],
        "1 %": mel["percentiles"]["1"],
        "50 %": mel["percentiles"]["50"],
        "99 %": mel["percentiles"]["99"],
    }
    histogram = mel["histogram"]
    return bars(
        histogram["counts"],
        histogram["edges"],
        title=f"Mel values, {corpus.convention.name}",
        unit="scaled",
        marks=marks,
    )


def _speakers(corpus: PreparedCorpus) -> str:
    if len(corpus.speakers) < 2:
        return ""
    seconds: Counter[int] = Counter()
    for item in corpus.utterances:
        seconds[item.speaker] += item.seconds
    counts = Counter(item.speaker for item in corpus.utterances)
    rows = [
        [("", name), ("n", f"{counts[number]:,}"), ("n", f"{seconds[number] / 60:.1f}")]
        for number, name in enumerate(corpus.speakers)
    ]
    return _section("Speakers", _table(["speaker", "*utterances", "*minutes"], rows))


def _scores(corpus: PreparedCorpus) -> str:
    path = corpus.folder / "alignment" / "scores.json"
    try:
        ranked = json.loads(path.read_text(encoding="utf-8"))
        scores = [(str(item["id"]), float(item["score"])) for item in ranked]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    by_id = {item.id: item for item in corpus.utterances}
    rows = [
        [
            ("n", f"{score:.2f}"),
            ("id", name),
            ("", by_id[name].text),
            ("audio", by_id[name].audio),
        ]
        for name, score in scores[:LOWEST_SCORES]
        if name in by_id
    ]
    intro = (
        "<p>The worse a text fits its recording, the lower its score: these come first when you "
        "look for wrong transcripts.</p>"
    )
    table = _table(["*score", "id", "text", "recording"], rows)
    return _section("Lowest alignment scores: likely wrong transcripts", intro + table)


def _flagged(corpus: PreparedCorpus) -> str:
    flagged = [item for item in corpus.utterances if item.flags]
    kinds = Counter(flag_code(flag) for item in flagged for flag in item.flags)
    # The rarest kind first: what befalls half of a corpus is a property, not a suspect.
    flagged.sort(key=lambda item: min(kinds[flag_code(flag)] for flag in item.flags))
    rows = [
        [
            ("id", item.id),
            ("why", "\n".join(item.flags)),
            ("", item.text),
            ("n", f"{item.seconds:.1f} s"),
            ("audio", item.audio),
        ]
        for item in flagged
    ]
    counts = ", ".join(f"{escape(code)} {count:,}" for code, count in kinds.most_common())
    intro = f"<p>They stay in the corpus; listen to them. {counts}.</p>" if flagged else ""
    table = _table(["id", "what looks wrong", "text", "*length", "recording"], rows)
    return _section(f"Suspicious: {len(flagged)}", intro + table)


def _excluded(excluded: Sequence[Mapping[str, str]]) -> str:
    rows = [
        [("id", item["id"]), ("why", item["reason"]), ("", item["text"]), ("id", item["audio"])]
        for item in excluded
    ]
    return _table(["id", "reason", "text", "recording"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[tuple[str, str]]]) -> str:
    """Return a table; a cell is (class, text), a heading that begins with * is of numbers."""
    if not rows:
        return '<p class="faint">None.</p>'
    heads = "".join(
        f'<th class="n">{escape(name[1:])}</th>' if name[0] == "*" else f"<th>{escape(name)}</th>"
        for name in head
    )
    lines = "".join(
        f"<tr>{''.join(_cell(kind, text) for kind, text in row)}</tr>\n" for row in rows[:MOST_ROWS]
    )
    more = len(rows) - MOST_ROWS
    rest = f'<p class="faint">... and {more:,} more, in the files beside.</p>' if more > 0 else ""
    return f'<div class="table"><table><tr>{heads}</tr>\n{lines}</table></div>{rest}'


def _cell(kind: str, text: str) -> str:
    if kind == "why":
        parts = (flag.partition(":") for flag in text.split("\n"))
        lines = (f"<b>{escape(code)}</b>{escape(colon + rest)}" for code, colon, rest in parts)
        content = "<br>".join(lines)
    elif kind == "audio":
        content = f'<a href="{escape(text)}">{escape(Path(text).name)}</a>'
    elif not kind and len(text) > MOST_TEXT:
        start, rest = text[:MOST_TEXT], text[MOST_TEXT:]
        content = f"<details><summary>{escape(start)}…</summary>{escape(rest)}</details>"
    else:
        content = escape(text)
    return f'<td class="{kind}">{content}</td>' if kind else f"<td>{content}</td>"


def _settings(corpus: PreparedCorpus) -> str:
    values: dict[str, Any] = {
        "frontend": corpus.frontend,
        "level_dbfs": corpus.header["level_dbfs"],
        **{f"convention.{key}": value for key, value in corpus.header["convention"].items()},
        "mel mean, deviation": f"{corpus.mean:.4f}, {corpus.std:.4f}",
    }
    rows = [[("id", key), ("", str(value))] for key, value in values.items()]
    return _table(["setting", "value"], rows)
