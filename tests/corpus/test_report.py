import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tacotron.data.advice import advice
from tacotron.data.charts import histogram
from tacotron.data.prepare import prepare
from tacotron.data.recording import SoundSettings
from tacotron.data.report import _cell, write_report
from tacotron.errors import CorpusError


class Reader(HTMLParser):
    """Collects the words of a page, and what it loads or links to."""

    def __init__(self, page):
        super().__init__()
        self.words, self.targets, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.targets += [value for name, value in attributes if name in ("src", "href")]

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def corpus(make_corpus, tmp_path):
    folder = make_corpus(8)
    with (folder / "metadata.csv").open("a", encoding="utf-8") as file:
        file.write("<script>alert(1)</script>|Nothing & nowhere.\n")
        file.write("u000|The same recording, another text.\n")
    return prepare(folder, tmp_path / "out")


def test_report_has_all_that_was_found(corpus):
    page = write_report(corpus.folder).read_text(encoding="utf-8")
    text = Reader(page).text
    for phrase in ("10 utterances listed", "9 prepared", "1 excluded", "1 speaker"):
        assert phrase in text
    assert "<script>alert(1)</script>" in text  # as words, not as a tag
    assert "unreadable" in text
    assert "duplicate id : line 1 has 'u000' too" in text
    charts = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    for subject in ("Length (s)", "characters a second", "LUFS", "Noise", "Bandwidth", "Mel"):
        assert any(subject in chart for chart in charts)
    assert "fmax 8000 Hz fits" in text or "bands above are empty" in text


def test_report_is_self_contained(corpus):
    page = write_report(corpus.folder).read_text(encoding="utf-8")
    assert not re.search(r"https?://", page)
    assert "prefers-color-scheme: dark" in page
    for target in Reader(page).targets:
        assert (corpus.folder / target).is_file()


def test_charts_are_well_formed_and_count_everything(corpus):
    page = write_report(corpus.folder).read_text(encoding="utf-8")
    charts = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page)]
    assert len(charts) == 9
    for chart in charts[:-1]:
        counts = [int(bar.find("title").text.rpartition(": ")[2]) for bar in chart.iter("rect")]
        assert sum(counts) == len(corpus)


def test_lowest_alignment_scores_are_listed(corpus):
    folder = corpus.folder / "alignment"
    folder.mkdir()
    ranked = [{"id": "u003", "score": -9.87, "more": 1}, {"id": "gone", "score": -1}]
    (folder / "scores.json").write_text(json.dumps(ranked))
    text = Reader(write_report(corpus.folder).read_text(encoding="utf-8")).text
    assert "likely wrong transcripts" in text
    assert "-9.87 u003 She came home late." in text
    (folder / "scores.json").write_text("[{]")
    assert "likely wrong" not in write_report(corpus.folder).read_text(encoding="utf-8")


def test_long_texts_are_folded():
    page = Reader(_cell("", "word " * 100))
    assert page.open == []
    assert page.text.replace("…", "").split() == ["word"] * 100
    assert _cell("", "a few words") == "<td>a few words</td>"


def test_report_needs_a_corpus(tmp_path):
    with pytest.raises(CorpusError, match="no prepared corpus"):
        write_report(tmp_path)


def test_advice_follows_the_recordings(make_corpus, tmp_path):
    corpus = prepare(make_corpus(), tmp_path / "out", sound=SoundSettings(level_dbfs=-20.0))
    found = {item.sentence: item.fits for item in advice(corpus)}
    assert any("Recorded at 16000 Hz" in sentence for sentence in found)
    assert any("minutes are few" in sentence for sentence in found)
    assert any("levelled to -20 dBFS now" in sentence for sentence in found)
    assert any("Nothing is held out" in sentence for sentence in found)


@pytest.mark.parametrize("values", [[1.0], [0.0, 0.0], [-1e6, 1e6], [1e-9, 2e-9]])
def test_histograms_of_odd_values(values):
    ElementTree.fromstring(histogram(values, title="a & b", unit="<u>", marks={"m": 0.0}))
