"""Pieces hold every word once, in order, with the pauses and styles that markup tells."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.speak.pieces import LONGEST, Piece, Stretch, cut_document
from tacotron.speak.prosody import CLAUSE_PAUSE, NEUTRAL, PARAGRAPH_PAUSE, SENTENCE_PAUSE, Prosody
from tacotron.text.document import PLAIN, Style, read_document

FAST = Style(rate=1.25)


def cut(text: str, prosody: Prosody = NEUTRAL) -> list[Piece]:
    return cut_document(read_document(text), prosody)


def pauses(text: str, prosody: Prosody = NEUTRAL) -> list[tuple[str, float]]:
    return [(piece.text, piece.pause) for piece in cut(text, prosody)[:-1]]


_TEXTS = st.text(st.sampled_from("ab12.,!? \n<>&'\"-\u2026\u00e9\u4f60"), max_size=60)


@given(_TEXTS)
def test_escaped_text_is_cut_as_plain_text(text: str) -> None:
    assert cut(f"<speak>{escape(text)}</speak>") == cut_document(read_document(text, ssml=False))


@given(
    st.lists(st.tuples(_TEXTS, st.sampled_from(["", "fast", "slow"]), st.booleans()), max_size=6)
)
def test_markup_changes_no_word(parts: list[tuple[str, str, bool]]) -> None:
    ssml = "".join(
        (f'<prosody rate="{rate}">{escape(text)}</prosody>' if rate else escape(text))
        + "<break time='1s'/>" * paused
        for text, rate, paused in parts
    )
    pieces = cut(f"<speak>{ssml}</speak>")
    for piece in pieces:
        assert "".join(stretch.text for stretch in piece.stretches) == piece.text
        assert piece.text == piece.text.strip() != ""
        assert all(stretch.text.strip() for stretch in piece.stretches)
        assert len(piece.text) <= LONGEST
        assert piece.stretches[-1].silence is None
    # Every break is there once, wherever it went, unless nothing is spoken at all.
    silences = [stretch.silence or 0.0 for piece in pieces for stretch in piece.stretches]
    total = sum(silences) + sum((piece.before or 0.0) + (piece.after or 0.0) for piece in pieces)
    assert not pieces or total == sum(paused for _, _, paused in parts)
    letters = [c for text, _, _ in parts for c in text if c.isalnum()]
    assert [c for piece in pieces for c in piece.text if c.isalnum()] == letters


def test_pauses() -> None:
    assert pauses("One. Two!\n\nThree. Four") == [
        ("One.", SENTENCE_PAUSE),
        ("Two!", PARAGRAPH_PAUSE),
        ("Three.", SENTENCE_PAUSE),
    ]
    own = Prosody(comma_pause=0.1, sentence_pause=0.2, paragraph_pause=0.3)
    assert pauses("One. Two!\n\nThree.", own) == [("One.", 0.2), ("Two!", 0.3)]
    long = "and so on, " * 40
    assert {pause for _, pause in pauses(long)} == {CLAUSE_PAUSE}
    assert {pause for _, pause in pauses(long, own)} == {0.1}


def test_paragraphs_and_sentences_of_ssml() -> None:
    ssml = (
        "<speak>One<p>Two. Three</p> <p><s>Four</s> <s>Five</s></p>\nSix<s>Seven</s>Eight</speak>"
    )
    assert pauses(ssml) == [
        ("One", PARAGRAPH_PAUSE),
        ("Two.", SENTENCE_PAUSE),
        ("Three", PARAGRAPH_PAUSE),
        ("Four", SENTENCE_PAUSE),
        ("Five", PARAGRAPH_PAUSE),
        ("Six", SENTENCE_PAUSE),
        ("Seven", SENTENCE_PAUSE),
    ]


def test_a_sentence_is_one_whatever_its_stops() -> None:
    assert [piece.text for piece in cut("<speak><s>Ask Yahoo! Now.</s> Yes. No</speak>")] == [
        "Ask Yahoo! Now.",
        "Yes.",
        "No",
    ]
    assert [piece.text for piece in cut("<speak>Stop. Now.</speak>")] == ["Stop.", "Now."]
    long = "word " * 100
    assert all(len(piece.text) <= LONGEST for piece in cut(f"<speak><s>{long}</s></speak>"))


def test_a_break_between_words_is_a_comma() -> None:
    for text in ('Wait <break time="2s"/> for it.', '<speak>Wait<break time="2s"/>for it.</speak>'):
        (piece,) = cut(text)
        assert " ".join(piece.text.split()) == "Wait, for it."
        first, second = piece.stretches
        assert first.silence == 2.0
        assert first.text.strip() == "Wait,"
        assert second == Stretch("for it.")
        assert piece.after is None


@pytest.mark.parametrize("before", ["Wait,", "Wait;", 'He said "wait,"', "Wait \u2014"])
def test_a_break_behind_a_mark_needs_no_comma(before: str) -> None:
    (piece,) = cut(f"{before} <break time='1s'/> for it.")
    assert " ".join(piece.text.split()) == f"{before} for it."
    assert piece.stretches[0].silence == 1.0


def test_no_break_is_no_comma() -> None:
    (piece,) = cut("Wait <break strength='none'/> for it.")
    assert piece.text.split() == ["Wait", "for", "it."]
    assert piece.stretches[0].silence == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "Stop. <break time='2s'/> Go.",
        "Stop.<break time='2s'/>Go.",
        "<speak><p>Stop.<break time='2s'/></p><p>Go.</p></speak>",
        "<speak><p>Stop.</p><break time='1s'/> <break time='1s'/><p>Go.</p></speak>",
        "<speak><s>Stop.</s><s><break time='2s'/>Go.</s></speak>",
        "Stop.\n\n<break time='2s'/>\n\nGo.",
    ],
)
def test_a_break_between_sentences_is_their_pause(text: str) -> None:
    stop, go = cut(text)
    assert (stop.text, stop.before, stop.after) == ("Stop.", None, 2.0)
    assert (go.text, go.before, go.after) == ("Go.", None, None)


def test_breaks_around_everything() -> None:
    (piece,) = cut("<speak><break time='1s'/><p> <break time='2s'/>A<break time='4s'/></p></speak>")
    assert (piece.text, piece.before, piece.after) == ("A", 3.0, 4.0)
    assert cut("<break/>") == []


def test_styles() -> None:
    ssml = '<speak>Go <prosody rate="fast">on. And</prosody> on</speak>'
    assert [piece.stretches for piece in cut(ssml)] == [
        (Stretch("Go ", PLAIN), Stretch("on.", FAST)),
        (Stretch("And ", FAST), Stretch("on", PLAIN)),
    ]
