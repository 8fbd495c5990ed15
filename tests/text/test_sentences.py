"""Sentences are found among all the other stops, and long ones are cut where one may pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.text.normalize import normalize
from tacotron.text.sentences import split_long, split_sentences

CASES = [
    ("", []),
    ("...", []),
    ("* * *", []),
    ("Hello", ["Hello"]),
    ("Dr. Smith paid $3.50.", ["Dr. Smith paid $3.50."]),
    ("Dr. Smith paid $3.50. He left.", ["Dr. Smith paid $3.50.", "He left."]),
    ("Mr. and Mrs. Jones met Prof. X.", ["Mr. and Mrs. Jones met Prof. X."]),
    ("J. R. R. Tolkien wrote it. I read it.", ["J. R. R. Tolkien wrote it.", "I read it."]),
    ("By J. Smith. He knew.", ["By J. Smith.", "He knew."]),
    ("So do I. Mary too.", ["So do I.", "Mary too."]),
    ("He got a B. Then an A.", ["He got a B.", "Then an A."]),
    ("Fruit, e.g. Apples, is good.", ["Fruit, e.g. Apples, is good."]),
    ("Well... maybe.", ["Well... maybe."]),
    ("Well... Maybe.", ["Well...", "Maybe."]),
    ("Wait\u2026 What?", ["Wait\u2026", "What?"]),
    ('"Go!" she said.', ['"Go!" she said.']),
    ('"Go." He left.', ['"Go."', "He left."]),
    ("She asked, \u201cWhy?\u201d Nobody knew.", ["She asked, \u201cWhy?\u201d", "Nobody knew."]),
    ("(He left.) She stayed.", ["(He left.)", "She stayed."]),
    ("Really?! Yes!", ["Really?!", "Yes!"]),
    ("Pi is 3.14. Or so.", ["Pi is 3.14.", "Or so."]),
    ("See example.com/a.b. Then go.", ["See example.com/a.b.", "Then go."]),
    ("He works at Apple Inc. She does not.", ["He works at Apple Inc.", "She does not."]),
    ("He works at Apple Inc. in Ohio.", ["He works at Apple Inc. in Ohio."]),
    ("The U.S. Army left. The U.S. They left.", ["The U.S. Army left.", "The U.S.", "They left."]),
    ("At 5 p.m. He left.", ["At 5 p.m.", "He left."]),
    ("At 9 a.m. Monday we met.", ["At 9 a.m. Monday we met."]),
    ("I live on Elm St. He does not.", ["I live on Elm St.", "He does not."]),
    ("In St. Louis it rained.", ["In St. Louis it rained."]),
    ("No. 5 is alive. No. Nobody is.", ["No. 5 is alive.", "No.", "Nobody is."]),
    ("On Jan. 5 we met.", ["On Jan. 5 we met."]),
    ("1. The yard. 2. The side.", ["1. The yard.", "2. The side."]),
    ("hello there. how are you", ["hello there.", "how are you"]),
    ("One\n\nTwo", ["One", "Two"]),
    ("One line\nand its end", ["One line\nand its end"]),
    ("# Title\nText. More.", ["# Title", "Text.", "More."]),
    ("Buy:\n- milk\n- eggs", ["Buy:", "- milk", "- eggs"]),
    ("\u4f60\u597d\u3002\u518d\u89c1\u3002", ["\u4f60\u597d\u3002", "\u518d\u89c1\u3002"]),
    ("\U0001f600", ["\U0001f600"]),
    ("Yes. ... No.", ["Yes. ...", "No."]),
]


@pytest.mark.parametrize(("text", "sentences"), CASES)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@given(st.text(max_size=60) | st.text(alphabet="aB1 .?!\"'()\n,;:-#{}", max_size=60))
def test_sentences_hold_the_whole_text(text: str) -> None:
    sentences = split_sentences(text)
    assert all(sentence == sentence.strip() and sentence for sentence in sentences)
    letters = [char for char in text if char.isascii() and char.isalnum()]
    assert [c for s in sentences for c in s if c.isascii() and c.isalnum()] == letters
    assert all(normalize(sentence).text for sentence in sentences if sentence.isascii())


def test_a_long_sentence_is_cut_at_its_clauses() -> None:
    text = (
        "If the weather stays dry through the weekend, the committee will repair the roof; "
        "then it will paint the reading room, and replace the broken windows on the far north side"
    )
    assert split_long(text, 85) == [
        "If the weather stays dry through the weekend, the committee will repair the roof;",
        "then it will paint the reading room,",
        "and replace the broken windows on the far north side",
    ]
    assert split_long(text, 500) == [text]


def test_without_clauses_it_is_cut_at_spaces() -> None:
    assert split_long("one two three four", 9) == ["one two", "three", "four"]
    assert split_long("one, two three four five", 20) == ["one, two three four", "five"]


def test_a_word_is_never_cut() -> None:
    word = "x" * 50
    assert split_long(f"a {word} b", 10) == ["a", word, "b"]
    assert split_long(word, 10) == [word]
    phonemes = "{HH AH0 L OW1 HH AH0 L OW1}"
    assert split_long(f"say {phonemes} now", 12) == ["say", phonemes, "now"]


@given(st.text(alphabet="ab ,;\u2014{}", max_size=80), st.integers(min_value=1, max_value=30))
def test_cutting_keeps_all_words(text: str, limit: int) -> None:
    pieces = split_long(text, limit)
    assert " ".join(pieces).split() == text.split()
    assert all(len(piece) <= limit or " " not in piece or "{" in piece for piece in pieces)
