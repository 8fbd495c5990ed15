# ruff: noqa: RUF001 - phonetic letters look like others
"""SSML becomes the text, styles and pauses that it means; what is wrong is told with its place."""

from __future__ import annotations

import math
from contextlib import suppress
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.errors import TextError
from tacotron.text.document import PLAIN, SILENT, Break, Document, End, Run, Style, read_document
from tacotron.text.ssml import parse_ssml

PARAGRAPH, SENTENCE, BEFORE = End(is_paragraph=True), End(is_sentence=True), End()


def read(inside: str) -> tuple[Run | Break | End, ...]:
    document = parse_ssml(f"<speak>{inside}</speak>")
    assert document.warnings == ()
    return document.items


def spoken(document: Document) -> str:
    return "".join(item.text for item in document.items if isinstance(item, Run))


# What XML 1.0 can hold. Its only line break is "\n", and written out "\r" would stay.
_LEGAL = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe￿")
_TEXTS = st.text(st.one_of(st.sampled_from("<>&\"'{}[]/!;#= \n\tab1."), _LEGAL))


@given(_TEXTS)
def test_escaped_text_is_that_text(text: str) -> None:
    plain = read_document(text, ssml=False)
    assert parse_ssml(f"<speak>{escape(text)}</speak>") == plain
    assert spoken(plain) == text


@given(_TEXTS, _TEXTS)
def test_an_unknown_element_is_read_through(first: str, second: str) -> None:
    inside = f"{escape(first)}<foo bar='1'>{escape(second)}</foo>"
    document = parse_ssml(f"<speak>{inside}</speak>")
    assert spoken(document) == first + second
    (warning,) = document.warnings
    assert "<foo>" in warning


@given(st.text())
def test_whatever_comes_in_one_kind_of_error_comes_out(text: str) -> None:
    for wild in (text, f"<speak>{text}", f"<speak>{text}</speak>", f"<speak {text}></speak>"):
        with suppress(TextError):
            assert isinstance(parse_ssml(wild), Document)


def test_ssml_is_recognized_or_asked_for() -> None:
    as_text = (Run("<speak>a</speak>"),)
    for ssml in ("<speak>a</speak>", "\n <speak version='1.1'>a</speak>", "\ufeff<speak>a</speak>"):
        assert parse_ssml(ssml).items == (Run("a"),)
    assert read_document("<speak>a</speak>").items == (Run("a"),)
    assert read_document("\n<?xml version='1.0'?>\n<speak>a</speak>").items == (Run("a"),)
    assert read_document("<speak>a</speak>", ssml=False).items == as_text
    assert read_document("<speaker> a").items == (Run("<speaker> a"),)
    with pytest.raises(TextError, match="must begin with <speak>"):
        read_document("a", ssml=True)


def test_the_standard_s_own_declarations_are_fine() -> None:
    document = parse_ssml(
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        '<!DOCTYPE speak PUBLIC "-//W3C//DTD SYNTHESIS 1.0//EN"\n'
        '  "http://www.w3.org/TR/speech-synthesis/synthesis.dtd">\n'
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">'
        "<!-- nobody reads this -->Caf\u00e9 &#233; <![CDATA[<b>]]></speak>"
    )
    assert document == Document((Run("Caf\u00e9 \u00e9 <b>"),))


def test_paragraphs_and_sentences_end() -> None:
    assert read("A<p>B</p>C") == (Run("A"), PARAGRAPH, Run("B"), PARAGRAPH, Run("C"))
    assert read("A<s>B.</s>") == (Run("A"), BEFORE, Run("B."), SENTENCE)


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ('time="500ms"', 0.5),
        ("time='1s'", 1.0),
        ('time=".25s"', 0.25),
        ('time="+1.5s"', 1.5),
        ('time="0ms"', 0.0),
        ('time="60s"', 60.0),
        ('strength="none"', 0.0),
        ('strength="x-strong" time="20ms"', 0.02),
    ],
)
def test_breaks(attributes: str, seconds: float) -> None:
    assert read(f"A<break {attributes}/>B") == (Run("A"), Break(seconds), Run("B"))
    assert read_document(f"A<break {attributes} />B").items == (Run("A"), Break(seconds), Run("B"))


def test_strengths_grow() -> None:
    names = ["none", "x-weak", "weak", "medium", "strong", "x-strong"]
    lengths = [read(f'<break strength="{name}"/>')[0].seconds for name in names]
    assert lengths == sorted(set(lengths))
    assert read("<break/>") == read('<break strength="medium"/>')


@pytest.mark.parametrize(
    "attributes",
    [
        'time="5"',
        'time="-1s"',
        'time="1e3s"',
        'time="61s"',
        'time=""',
        'time="1.s"',
        'strength="big"',
        f'time="{"9" * 400}s"',
    ],
)
def test_breaks_that_cannot_be_meant(attributes: str) -> None:
    for text in (f"<speak>\n a<break {attributes}/></speak>", f"a <break {attributes}/> b"):
        with pytest.raises(TextError, match="break") as caught:
            read_document(text)
        assert len(str(caught.value)) < 250
        assert ("line 2, column 3" in str(caught.value)) == text.startswith("<speak>")


def test_only_whole_breaks_are_breaks_in_plain_text() -> None:
    for text in ("a <break> b", "a <breakfast/> b", "1 <break 2", "<break time=1s/>"):
        assert read_document(text).items == (Run(text),)


@pytest.mark.parametrize(
    ("attributes", "style"),
    [
        ('rate="0.8"', Style(rate=0.8)),
        ('rate="80%"', Style(rate=0.8)),
        ('rate="-20%"', Style(rate=0.8)),
        ('rate="+25%"', Style(rate=1.25)),
        ('rate="default"', PLAIN),
        ('rate="medium"', PLAIN),
        ('volume="+6dB"', Style(volume=6.0)),
        ('volume="-6.5db"', Style(volume=-6.5)),
        ('volume="medium"', PLAIN),
        ('volume="10"', Style(volume=-20.0)),
        ('volume="100"', PLAIN),
        ('volume="10%"', Style(volume=-20.0)),
        ('volume="silent"', Style(volume=SILENT)),
        ('volume="0"', Style(volume=SILENT)),
        ('pitch="+2st"', Style(pitch=2.0)),
        ('pitch="-2.5st"', Style(pitch=-2.5)),
        ('pitch="+100%"', Style(pitch=12.0)),
        ('pitch="50%"', Style(pitch=-12.0)),
        ('rate="200%" volume="+1dB" pitch="medium"', Style(2.0, 1.0)),
    ],
)
def test_prosody(attributes: str, style: Style) -> None:
    ((run),) = read(f"<prosody {attributes}>A</prosody>")
    assert run.text == "A"
    assert (run.style.rate, run.style.volume, run.style.pitch) == pytest.approx(
        (style.rate, style.volume, style.pitch)
    )


@pytest.mark.parametrize(
    ("attribute", "words", "value"),
    [
        ("rate", "x-slow slow medium fast x-fast", "rate"),
        ("volume", "silent x-soft soft medium loud x-loud", "volume"),
        ("pitch", "x-low low medium high x-high", "pitch"),
    ],
)
def test_words_for_values_grow(attribute: str, words: str, value: str) -> None:
    values = [
        getattr(read(f'<prosody {attribute}="{word}">A</prosody>')[0].style, value)
        for word in words.split()
    ]
    assert values == sorted(set(values))


def test_prosody_nests() -> None:
    items = read(
        'A<prosody rate="2" volume="-3dB">B<prosody rate="50%" volume="-3dB" pitch="+1st">C'
        "</prosody></prosody>D"
    )
    assert items == (
        Run("A"),
        Run("B", Style(2.0, -3.0)),
        Run("C", Style(1.0, -6.0, 1.0)),
        Run("D"),
    )
    ((silent),) = read('<prosody volume="silent"><prosody volume="+6dB">A</prosody></prosody>')
    assert silent.style.volume == -math.inf


@pytest.mark.parametrize(
    "attributes",
    [
        'rate="quick"',
        'rate="0"',
        'rate="-100%"',
        'rate="1e5"',
        'rate=""',
        'volume="loudest"',
        'volume="-1"',
        'volume="nan"',
        'pitch="2"',
        'pitch="-100%"',
    ],
)
def test_prosody_that_cannot_be_meant(attributes: str) -> None:
    name = attributes.split("=")[0]
    with pytest.raises(TextError, match=f"line 1, column 8: a prosody {name} is .*, not '"):
        parse_ssml(f"<speak><prosody {attributes}>A</prosody></speak>")


def test_one_warning_names_all_that_is_read_through() -> None:
    document = parse_ssml(
        '<speak><emphasis>A</emphasis> <voice name="x">B</voice><emphasis> C</emphasis>'
        '<prosody pitch="+10Hz" contour="(0%,+20Hz)"> D</prosody>'
        '<say-as interpret-as="date">1/2</say-as></speak>'
    )
    assert document == Document((Run("A B C D1/2"),), document.warnings)
    (warning,) = document.warnings
    for told in ("<emphasis>", "<voice>", "prosody pitch +10Hz", "prosody contour", "say-as date"):
        assert warning.count(told) == 1


@pytest.mark.parametrize(
    ("attributes", "braces"),
    [
        ('alphabet="x-cmu" ph="T AH0 M EY1 T OW0"', "{T AH0 M EY1 T OW0}"),
        ('alphabet="cmu-arpabet" ph="b iy1"', "{B IY1}"),
        ('alphabet="ipa" ph="təˈmeɪtoʊ"', "{T AH0 M EY1 T OW0}"),
        ('ph="ˈpiː.kæn"', "{P IY1 K AE0 N}"),
        ('ph="pɪˈkɑːn"', "{P IH0 K AA1 N}"),
        ('ph="d͡ʒʌd͡ʒ"', "{JH AH1 JH}"),
        ('ph="ˈtʃɜːtʃ"', "{CH ER1 CH}"),
        ('ph="ˈwɔːtɚ"', "{W AO1 T ER0}"),
        ('ph="ˈbʌtn̩"', "{B AH1 T AH0 N}"),
        ('ph="ˌɪntɹəˈdʌkʃən"', "{IH2 N T R AH0 D AH1 K SH AH0 N}"),
        ('ph="ˈnjuː ˈjɔːrk"', "{N Y UW1} {Y AO1 R K}"),
        ('ph="/haɪ/"', "{HH AY1}"),
        ('ph="ðə"', "{DH AH0}"),
        ('ph="əˈɡəʊ"', "{AH0 G OW1}"),
    ],
)
def test_phonemes(attributes: str, braces: str) -> None:
    assert read(f"a <phoneme {attributes}>word</phoneme>, b") == (Run(f"a {braces}, b"),)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('alphabet="x-cmu" ph="T AH M"', "'AH' is no phoneme"),
        ('alphabet="x-cmu" ph="{T}"', "'{T}' is no phoneme"),
        ('ph="ʁɔ̃"', "'ʁ'"),
        ('ph="ˈ"', "has no sound"),
        ('ph=" "', "needs its ph"),
        ("", "needs its ph"),
        ('alphabet="x-sampa" ph="t@"', "alphabet is one of ipa, x-cmu"),
    ],
)
def test_phonemes_that_there_are_not(attributes: str, reason: str) -> None:
    with pytest.raises(TextError, match=reason) as caught:
        parse_ssml(f"<speak><phoneme {attributes}>word</phoneme></speak>")
    assert "line 1, column 8" in str(caught.value)
    assert str(caught.value).count(".") == 1


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("characters", "FBI", "F B I"),
        ("spell-out", "b2b", "B two B"),
        ("characters", "a", "{EY1}"),
        ("characters", "a-b.c", "A dash B dot C"),
        ("characters", "1984", "one nine eight four"),
        ("verbatim", "\u00e9 x", "\u00c9 X"),
        ("digits", "007", "zero zero seven"),
        ("digits", "room 12", "room one two"),
    ],
)
def test_say_as(kind: str, text: str, words: str) -> None:
    ((run),) = read(f'<say-as interpret-as="{kind}">{text}</say-as>')
    assert " ".join(run.text.split()) == words


def test_sub_and_what_is_hidden() -> None:
    items = read('The <sub alias="World Wide Web">WWW</sub>.')
    assert items == (Run("The World Wide Web."),)
    assert read("<metadata>who</metadata>a<desc>b<break/></desc>") == (Run("a"),)
    with pytest.raises(TextError, match="column 8: a sub element needs its alias"):
        read("<sub>W3C</sub>")


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("<speak>a", 1, 9, "no element found"),
        ("<speak>\n<p>a</s>\n</speak>", 2, 7, "mismatched tag"),
        ("\n\n  <speak>a & b</speak>", 3, 13, "invalid token"),
        ("<speak>&nbsp;</speak>", 1, 8, "undefined entity"),
        ("<speak>a</speak>b", 1, 17, "junk after document element"),
        ("<speak a=1></speak>", 1, 10, "invalid token"),
        ("<foo>a</foo>", 1, 1, "must begin with <speak>, not <foo>"),
        ("<speak>\x00</speak>", 1, 8, "invalid token"),
    ],
)
def test_what_is_malformed_is_told_with_its_place(
    text: str, line: int, column: int, reason: str
) -> None:
    with pytest.raises(TextError, match=reason) as caught:
        parse_ssml(text)
    assert f"at line {line}, column {column}: " in str(caught.value)


def test_entities_are_refused_unread() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE speak [<!ENTITY l0 "ha">{laughs}]><speak>&l9;</speak>'
    with pytest.raises(TextError, match="declares the entity l0"):
        parse_ssml(bomb)
    with pytest.raises(TextError, match="declares the entity f"):
        parse_ssml('<!DOCTYPE speak [<!ENTITY f SYSTEM "/etc/passwd">]><speak>&f;</speak>')
    with pytest.raises(TextError, match="&f; is no entity"):
        parse_ssml('<!DOCTYPE speak SYSTEM "http://localhost/x.dtd"><speak>&f;</speak>')


def test_depth_and_length_are_no_trouble() -> None:
    deep = "<s>" * 20_000 + "a" + "</s>" * 20_000
    assert spoken(parse_ssml(f"<speak>{deep}</speak>")) == "a"
    long = "word " * 50_000
    assert read(long) == (Run(long),)
