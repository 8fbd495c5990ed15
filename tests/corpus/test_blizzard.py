"""The Blizzard 2012 corpus by the original's rules: confidence, labels, length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tacotron.data.blizzard import speech_span
from tacotron.data.listing import Span
from tacotron.data.prepare import prepare
from tacotron.data.readers import read_listing
from tacotron.errors import CorpusError

RATE = 16000
LABELS = [(0.4, "sil"), (0.7, "hh"), (1.5, "ow"), (2.0, "sil")]
Sentence = tuple[str, float, str]


@pytest.fixture
def make_book(tmp_path: Path, recording: Callable[..., np.ndarray]) -> Callable[..., Path]:
    """Writes a book of sentences (id, confidence, text), each a recording of two seconds."""

    def make(
        name: str,
        sentences: list[Sentence],
        *,
        labels: list[tuple[float, str]] | None = None,
        seconds: float = 1.0,
    ) -> Path:
        book = tmp_path / "corpus" / name
        for folder in ("wav", "lab"):
            (book / folder).mkdir(parents=True)
        lines = ["# id\tfigures\n"]
        for seed, (number, confidence, text) in enumerate(sentences):
            lines.append(f"{number}\t0\t1\t{confidence}\t7\t{text}\tx\ty\n")
            soundfile.write(book / "wav" / f"{number}.wav", recording(seconds, seed=seed), RATE)
            body = [f"{time} 125 {label}\n" for time, label in labels or LABELS]
            (book / "lab" / f"{number}.lab").write_text("".join(["#\n", *body]))
        (book / "sentence_index.txt").write_text("".join(lines), encoding="utf-8")
        return book

    return make


def test_confidence_must_be_above_ninety(make_book: Callable[..., Path]) -> None:
    book = make_book("ABook", [("a", 95.5, "One."), ("b", 90.0, "Two."), ("c", 12, "Three.")])
    listing = read_listing(book)
    assert listing.layout.startswith("Blizzard Challenge 2012")
    assert [(e.id, e.text, e.line) for e in listing.entries] == [
        ("a", "One.", 2),
        ("b", "Two.", 3),
        ("c", "Three.", 4),
    ]
    problems = [entry.problem for entry in listing.entries]
    assert problems == [
        "",
        "uncertain transcript: confidence 90, not above 90",
        "uncertain transcript: confidence 12, not above 90",
    ]


def test_labels_say_what_is_kept(make_book: Callable[..., Path]) -> None:
    (entry,) = read_listing(make_book("ABook", [("a", 95, "One.")])).entries
    assert entry.span == Span(0.4, pytest.approx(1.55))


@pytest.mark.parametrize(
    ("labels", "span"),
    [
        ([(0.4, "sil"), (1.0, "aa"), (1.2, "sil")], Span(0.4, 1.05)),
        ([(0.4, "aa"), (1.0, "sil")], Span(0.0, 0.45)),
        ([(0.4, "sil"), (1.0, "aa")], Span(0.4, None)),
        ([(0.4, "aa")], Span(0.0, None)),
        ([(0.4, "sil")], Span(0.4, 0.4)),
    ],
)
def test_silence_is_cut_where_it_is_labelled(labels: list[tuple[float, str]], span: Span) -> None:
    found = speech_span(labels)
    assert (found.start, found.stop) == (span.start, pytest.approx(span.stop))


@given(
    st.lists(
        st.tuples(st.floats(0, 100, allow_nan=False), st.sampled_from(["sil", "aa", "pau"])),
        min_size=1,
    )
)
def test_any_labels_leave_a_span(labels: list[tuple[float, str]]) -> None:
    span = speech_span(labels)
    assert 0 <= span.start <= 100
    assert span.stop is None or span.stop <= 100.05


def test_length_is_that_of_what_is_kept(make_book: Callable[..., Path]) -> None:
    long = [(0.2, "sil"), (8.96, "aa"), (9.5, "sil")]  # 8.81 seconds are kept
    (entry,) = read_listing(make_book("Long", [("a", 95, "One.")], labels=long)).entries
    assert entry.problem == "too long: 8.81 seconds, more than 8.75"
    fits = [(0.2, "sil"), (8.89, "aa"), (9.5, "sil")]
    (entry,) = read_listing(make_book("Fits", [("a", 95, "One.")], labels=fits)).entries
    assert not entry.problem
    # Without silence at the end it lasts as long as the recording.
    open_end = [(0.2, "sil"), (1.0, "aa")]
    book = make_book("Open", [("a", 95, "One.")], labels=open_end, seconds=8.2)
    (entry,) = read_listing(book).entries
    assert entry.problem == "too long: 9.00 seconds, more than 8.75"


def test_only_the_books_that_sound_well(make_book: Callable[..., Path]) -> None:
    for name in ("ATrampAbroad", "LifeOnTheMississippi", "TheManThatCorruptedHadleyburg"):
        folder = make_book(name, [("a", 95, f"Text of {name}.")]).parent
    listing = read_listing(folder)
    assert [e.id for e in listing.entries] == ["ATrampAbroad/a", "TheManThatCorruptedHadleyburg/a"]
    assert "LifeOnTheMississippi" in listing.notes[0]
    assert listing.folder == folder
    (entry,) = read_listing(folder / "LifeOnTheMississippi" / "sentence_index.txt").entries
    assert entry.text == "Text of LifeOnTheMississippi."


def test_odd_lines_are_kept_with_their_problem(make_book: Callable[..., Path]) -> None:
    book = make_book("ABook", [("a", 95, "One."), ("b", 95, "Two."), ("b", 95, "Two.")])
    index = book / "sentence_index.txt"
    index.write_text(index.read_text() + "c\t1\nd\t0\t1\tsure\t7\tThree.\tx\ty\n\n")
    (book / "lab" / "b.lab").unlink()
    first, second, twice, short, unsure = read_listing(book).entries
    assert not first.problem
    assert second.flags == ("no labels: its silence was measured instead",)
    assert second.span == Span()
    assert twice.problem == "listed twice: line 3 is the same"
    assert short.problem == "line 5 has 2 columns where 8 belong"
    assert unsure.problem == "its confidence is no number: 'sure'"


def test_a_corpus_of_it_is_prepared(make_book: Callable[..., Path], tmp_path: Path) -> None:
    """What is prepared is what the labels keep, and no more."""
    sentences = [(f"s{n}", 95, f"The number {n}.") for n in range(3)]
    book = make_book("ABook", [*sentences, ("low", 50, "Wrong.")])
    corpus = prepare(book, tmp_path / "out", workers=1)
    assert [u.id for u in corpus.utterances] == ["s0", "s1", "s2"]
    assert corpus.speakers == ("ABook",)
    for utterance in corpus.utterances:
        assert utterance.levels["source_seconds"] == pytest.approx(1.15, abs=1e-3)
        assert utterance.seconds <= 1.16
    reasons = [item["reason"] for item in corpus.excluded()]
    assert reasons == ["uncertain transcript: confidence 50, not above 90"]
    # Another label is another utterance: nothing of the old one is kept.
    lab = book / "lab" / "s0.lab"
    lab.write_text(lab.read_text().replace("1.5 ", "1.3 "))
    again = prepare(book, tmp_path / "out", workers=1)
    assert again.utterances[0].levels["source_seconds"] == pytest.approx(0.95, abs=1e-3)


def test_nothing_usable_is_one_sentence(make_book: Callable[..., Path], tmp_path: Path) -> None:
    book = make_book("ABook", [("a", 50, "One.")])
    with pytest.raises(CorpusError, match="uncertain transcript"):
        prepare(book, tmp_path / "out")
    book = make_book("Gone", [("a", 95, "One.")])
    (book / "wav" / "a.wav").unlink()
    with pytest.raises(CorpusError, match="None of the 1 recordings"):
        read_listing(book)
    (book / "sentence_index.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CorpusError, match="not UTF-8"):
        read_listing(book)
