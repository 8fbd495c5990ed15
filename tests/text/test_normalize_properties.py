"""What holds for every text, be it ever so odd."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tacotron.text.normalize import normalize

# Words that change what stands beside them, to be thrown together in any order.
_ODD_WORDS = """
the a A I he was Mary Henry James Chapter Part World War Vitamin plan St. Dr. Mr. No. etc. Inc.
U.S. F.B.I. NASA FBI IT US STOP NOW Ph.D. J. K. Smith Elm Main Queen V X VIII II C Type Section
a.m. p.m. 9 10 5 1984 2024 1,000 3.14 $5 £3 % km kg °C in ft. min. May Jan. Feb 4th 22nd don't
it's dogs' 'tis nothin' 'n' e.g. i.e. vs. Co. Jr. #5 @bob #tag foo.com a@b.co x y b X-ray e-mail
A-list CDs FBI's OK AT&T R&D ... ? ! , ; : — - ( ) [ ] " ' “ ” 😀 é Привет 漢 ½ ² { } {HH AH0}
* _ ` mm Ms question mark slash dot 1/2 12:30 :30 -5 5-10 +1 = < > ^2 √ / \\ | ~ &amp; <b>
"""
_WORDS = _ODD_WORDS.split()

_texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.characters(codec="ascii"), max_size=40),
    st.lists(st.sampled_from([*_WORDS, " ", " ", "\n", "\n\n"]), max_size=12).map("".join),
    st.lists(st.sampled_from(_WORDS), max_size=10).map(" ".join),
)

_PUNCTUATION = r"[,.?!;:)]*"
_CANONICAL = re.compile(
    rf"(?:(?:^| )\(*(?:'?[A-Za-z]+(?:'[A-Za-z]+)*'?|\{{[A-Z0-2 ]+\}}){_PUNCTUATION}| —)*"
)


@settings(max_examples=200)
@given(_texts)
@example("Co.Inc.")
@example("Ph.D.A.")
@example("A4 A. A4")
@example("Part c. x")
def test_normalizing_is_total_canonical_and_idempotent(text: str) -> None:
    normalized = normalize(text)
    assert _CANONICAL.fullmatch(normalized.text), normalized.text
    assert len(normalized.warnings) <= 2 + text.count("{")
    again = normalize(normalized.text)
    assert again.text == normalized.text
    assert not again.warnings
    assert normalize(text) == normalized


@settings(max_examples=50)
@given(st.integers(min_value=0, max_value=10**36 - 1))
def test_every_number_is_read(value: int) -> None:
    spoken = normalize(f"There are {value:,} of them.").text
    assert re.fullmatch(r"There are [a-z ]+ of them\.", spoken)


# Each is an attack on some pattern, if it is repeated.
_UNITS = [
    *("1", "1,", "1.", "1-", "1/2 ", "$1", "1:", "1:11", "1am ", "1980-", "5 km/", "+1", "1+1="),
    *("a", "A", "A.", "A. ", "a.", "-", "'", '"', "(", "[a](", "{", "{AA0 ", "<a", "*", "^1", "="),
    *("@", "a@a.", ".a", "#", "&", "\n", "\n\n", "\t ", "http://", "a1", "St. ", "Jan 1", "I "),
    *("Henry I", "MC", "SHOUT! ", "\u00bd", "\u6f22", "\u0301", "\U0001f600", "\ud800", "\ufdfa"),
]


@pytest.mark.parametrize("unit", _UNITS)
def test_a_long_text_of_one_kind_comes_to_its_end(unit: str) -> None:
    # With a pattern that backtracks this would not end within the life of a test run.
    text = unit * (5_000 // len(unit))
    assert len(normalize(text).text) <= 60 * len(text)


def test_a_hundred_thousand_odd_characters_come_to_their_end() -> None:
    text = "".join(unit * (2_500 // len(unit)) for unit in _UNITS)
    assert len(text) > 100_000
    assert normalize(text).text
