"""What has no digits: abbreviations, acronyms, numerals, addresses, signs, scripts, punctuation."""

import pytest

from tacotron.text.normalize import normalize
from tacotron.text.roman import value_of

TITLES = [
    ("Dr. Smith", "Doctor Smith"),
    ("Dr Who", "Doctor Who"),
    ("Mr. and Mrs. Jones", "Mister and Missus Jones"),
    ("Ms. Jones", "Ms Jones"),
    ("Prof. Adams", "Professor Adams"),
    ("Messrs. Miller and Richard", "Messers Miller and Richard"),
    ("Lt. Col. Smith, Gen. Lee", "Lieutenant Colonel Smith, General Lee"),
    ("John Smith Jr. was", "John Smith Junior was"),
    ("John Smith, Sr., was", "John Smith, Senior, was"),
    ("See the Dr.", "See the Doctor."),
]

PLACES = [
    ("St. James St.", "Saint James Street."),
    ("St. James St. is near", "Saint James Street is near"),
    ("in St. Louis", "in Saint Louis"),
    ("Elm St. He left", "Elm Street. He left"),
    ("42nd St. is", "forty second Street is"),
    ("Main St", "Main Street"),
    ("St Pancras", "Saint Pancras"),
    ("5 Elm Dr.", "five Elm Drive."),
    ("5 Elm Dr. Dr. Smith", "five Elm Drive. Doctor Smith"),
    ("Fifth Ave. and Ocean Blvd.", "Fifth Avenue and Ocean Boulevard."),
    ("Mt. Everest and Ft. Worth", "Mount Everest and Fort Worth"),
    ("in Austin, TX,", "in Austin, Texas,"),
    ("5 W. Main St.", "five West Main Street."),
    (
        "20 W 34th St. and 100 N. Broadway",
        "twenty West thirty fourth Street and one hundred North Broadway",
    ),
]

ABBREVIATIONS = [
    ("No.", "No."),
    ("No. He left", "No. He left"),
    ("etc.", "et cetera."),
    ("etc., and", "et cetera, and"),
    ("cats etc. are", "cats et cetera are"),
    ("e.g. this, i.e. that", "for example this, that is that"),
    ("approx. five", "approximately five"),
    ("the dept. of", "the department of"),
    ("Smith & Co. Ltd. was", "Smith and Company Limited was"),
    ("Apple Inc. He left", "Apple Incorporated. He left"),
    ("Apple Inc. CEO", "Apple Incorporated C E O"),
    ("cats vs. dogs", "cats versus dogs"),
    ("Roe v. Wade", "Roe versus Wade"),
    ("John et al. wrote", "John et al wrote"),
    ("w/ or w/o", "with or without"),
    ("rock 'n' roll", "rock and roll"),
    ("vol. 3, pp. 12-15", "volume three, pages twelve to fifteen"),
    ("fig. 2", "figure two"),
    ("I saw a fig. Then", "I saw a fig. Then"),
    ("In Dec. it snows", "In December it snows"),
    ("from Jan.-Mar.", "from January to March."),
    ("Mon-Fri", "Monday to Friday"),
    ("He wed. In May", "He wed. In May"),
    ("Vol. XII", "volume twelve"),
    ("A ripe fig. I ate it.", "a ripe fig. I ate it."),
    ("the 3rd ed., ed. by Smith", "the third edition, edited by Smith"),
    ("the 19th c. was", "the nineteenth century was"),
]

ACRONYMS = [
    ("FBI", "F B I"),
    ("the FBI's men", "the F B I's men"),
    ("CDs and DVDs", "C D's and D V D's"),
    ("PhD", "P H D"),
    ("NASA and NATO", "NASA and NATO"),
    ("UNESCO's", "UNESCO's"),
    ("U.S.", "U S."),
    ("the U.S. Army", "the U S Army"),
    ("in the U.S. They", "in the U S. They"),
    ("the U.K., too", "the U K, too"),
    ("a Ph.D. in", "a P H D in"),
    ("a.k.a.", "A K A."),
    ("OK", "okay"),
    ("R&D, AT&T, Q&A", "R and D, A T and T, Q and A"),
    ("AC/DC", "A C D C"),
    ("GPT", "G P T"),
    ("html", "H T M L"),
    ("hmm, shh", "hmm, shh"),
    ("OpenAI", "Open A I"),
    ("iPhone and eBay", "I Phone and E Bay"),
    ("JavaScript", "Java Script"),
    ("McDonald's", "McDonald's"),
    ("e-mail", "E mail"),
    ("a T-shirt", "a T shirt"),
    ("Wi-Fi", "wifi"),
    ("S-O-S", "S O S"),
    ("DON'T STOP NOW", "don't stop now"),
    ("I said NO", "I said no"),
    ("I AM", "I am"),
    ("BREAKING NEWS: NEW TAX IN THE US", "breaking news: new tax in the U S"),
    ("GIVE US A BREAK", "give us a break"),
    ("our IT department", "our I T department"),
    ("do IT", "do it"),
    ("the US and us", "the U S and us"),
    ("Who heads the WHO?", "Who heads the W H O?"),
    ("THE WHO SAYS NO.", "the who says no."),
    ("the three Rs and the five Ws", "the three R's and the five W's"),
    ("an A- in math, a B-.", "an A minus in math, a B minus."),
]

INITIALS = [
    ("J. R. R. Tolkien", "J R R Tolkien"),
    ("J.R.R. Tolkien", "J R R Tolkien"),
    ("by J. Smith", "by J Smith"),
    ("James A. Garfield", "James A Garfield"),
    ("So do I. Mary too.", "So do I. Mary too."),
    ("Vitamin C. Mary took it.", "Vitamin C. Mary took it."),
]

THE_LETTER_A = [
    ("A dog", "a dog"),
    ("Then. A dog", "Then. a dog"),
    ("Vitamin A tablets", "Vitamin A tablets"),
    ("an A in math", "an A in math"),
    ("plan A.", "plan A."),
    ("(a) this", "(A) this"),
    ("A is first", "A is first"),
    ("an A+", "an A plus"),
    ("A-list stars", "{EY1} list stars"),
    ("got a B", "got a B"),
    ("x and y", "X and Y"),
]

ROMAN = [
    ("Henry VIII", "Henry the eighth"),
    ("Louis XIV's", "Louis the fourteenth's"),
    ("Pope John Paul II", "Pope John Paul the second"),
    ("Henry V was", "Henry the fifth was"),
    ("King James I", "King James the first"),
    ("I told James I was", "I told James I was"),
    ("John D. Rockefeller III", "John D Rockefeller the third"),
    ("Chapter IV", "Chapter four"),
    ("chapter iv", "chapter four"),
    ("World War I", "World War one"),
    ("World War II", "World War two"),
    ("Part I.", "Part one."),
    ("In part I think", "In part I think"),
    ("Act V, Scene I", "Act five, Scene one"),
    ("Super Bowl XLII", "Super Bowl forty two"),
    ("Rocky III", "Rocky three"),
    ("Malcolm X", "Malcolm X"),
    ("The IV drip", "The I V drip"),
    ("(ii)", "(two)"),
    ("the XXth century", "the twentieth century"),
    ("MCMLXXXIV", "nineteen eighty four"),
    ("MIX", "M I X"),
    ("I, II and III", "I, two and three"),
    ("He saw Charles I.", "He saw Charles the first."),
    ("I think Mary I met.", "I think Mary I met."),
]

WEB = [
    ("www.example.com", "W W W dot example dot com"),
    ("Visit example.com.", "Visit example dot com."),
    ("example.com's", "example dot com's"),
    ("https://example.com/a-b/", "example dot com slash A dash B"),
    ("http://x.org?q=1", "X dot org question mark Q equals one"),
    ("see example.co.uk, then", "see example dot co dot U K, then"),
    ("john.doe@example.com", "john dot doe at example dot com"),
    ("@user_name", "at user underscore name"),
    ("#HelloWorld", "hashtag Hello World"),
    ("report.pdf", "report dot P D F"),
    ("main.py", "main dot P Y"),
    ("/usr/local/bin", "slash U S R slash local slash bin"),
    ("see x.org/a#b", "see X dot org slash A hash B"),
    ("http://x.org/a%20b", "X dot org slash A B"),
    ("C++ and C#", "C plus plus and C sharp"),
    (".NET", "dot N E T"),
    ("wait...what", "wait. what"),
    ("The end.Next one", "The end. Next one"),
    ("HTTP://EXAMPLE.COM", "example dot com"),
    ("I said yes.No way.", "I said yes. No way."),
]

SIGNS = [
    ("salt & pepper", "salt and pepper"),
    ("@", "at"),
    ("and/or", "and or"),
    ("**bold** and _it_", "bold and it"),
    ("`code`", "code"),
    ("[link](http://x.com)", "link"),
    ("<b>bold</b> &amp; so", "bold and so"),
    ("# Title", "Title"),
    ("- one\n- two", "one. two"),
    ("One\n\nTwo", "One. Two"),
    ("one\ntwo", "one two"),
    ("said so[1]", "said so"),
    ("snake_case", "snake case"),
    ("twenty-one", "twenty one"),
    ("pre- and post-war", "pre and post war"),
    ("=====", ""),
    ("great :)", "great"),
]

PUNCTUATION = [
    ("", ""),
    (".", ""),
    ("...", ""),
    ("?!", ""),
    ("Hello, world.", "Hello, world."),
    ("Hello !", "Hello!"),
    ("What?!", "What?"),
    ("No!!!", "No!"),
    ("Well... yes", "Well. yes"),
    ("Wow\u2014really", "Wow — really"),
    ("it -- that", "it — that"),
    ("it - that", "it — that"),
    ("it \u2013 that", "it — that"),
    ("(hi)", "(hi)"),
    ("so (he said), so", "so (he said), so"),
    ("a [sic] b", "a (sic) B"),
    ("1) one", "one, one"),
    ("()", ""),
    ('"I can\'t," she said.', "I can't, she said."),
    ("\u201cHi,\u201d he said", "Hi, he said"),
    ("'Hi there,' he said", "Hi there, he said"),
    ("it\u2019s the dogs\u2019", "it's the dogs"),
    ("'Tis so", "'Tis so"),
    ("nothin' doin'", "nothin' doin'"),
    ("'nothin'", "nothin"),
    ("five o'clock", "five o'clock"),
    ("one,two", "one, two"),
    ("  a   lot\t of  ", "a lot of"),
]

SCRIPTS = [
    ("caf\u00e9", "cafe"),
    ("cafe\u0301", "cafe"),
    ("na\u00efve \u00c5ngstr\u00f6m", "naive Angstrom"),
    ("Stra\u00dfe", "Strasse"),
    ("\ufb01ne", "fine"),
    ("\uff26\uff55\uff4c\uff4c", "Full"),
    ("\uff11\uff12\uff13", "one hundred twenty three"),
    ("\u0663", "three"),
    ("zero\u200bwidth", "zerowidth"),
    ("soft\u00adhyphen", "softhyphen"),
    ("\ufeffbom", "bom"),
    ("no\u00a0break", "no break"),
    ("\U0001d4d7ello", "Hello"),
    ("angle \u03b1", "angle alpha"),
    ("a \u2192 b", "A to B"),
    ("\u00a7 5", "section five"),
    ("Acme\u2122", "Acme"),
    ("I love it \U0001f600", "I love it, grinning face"),
    ("\U0001f600\U0001f600 Yes", "grinning face, Yes"),
    ("Yes! \U0001f44d\U0001f3fd!", "Yes! thumbs up!"),
    ("\u2764\ufe0f", "heart"),
    ("\U0001f1eb\U0001f1f7", "flag"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    TITLES
    + PLACES
    + ABBREVIATIONS
    + ACRONYMS
    + INITIALS
    + THE_LETTER_A
    + ROMAN
    + WEB
    + SIGNS
    + PUNCTUATION
    + SCRIPTS,
)
def test_words_are_read(text: str, expected: str) -> None:
    assert normalize(text).text == expected
    assert not normalize(text).warnings


# The sentences by which voices are judged, and whole sentences that mix it all.
SENTENCES = [
    (
        "In 1969, 2 men walked on the moon.",
        "In nineteen sixty nine, two men walked on the moon.",
    ),
    (
        "Prof. Adams paid $19.99 for 3 old maps.",
        "Professor Adams paid nineteen dollars and ninety nine cents for three old maps.",
    ),
    ("The flight leaves at 7:15 on May 4th.", "The flight leaves at seven fifteen on May fourth."),
    (
        "About 45% of the 2,310 members voted.",
        "About forty five percent of the two thousand three hundred ten members voted.",
    ),
    (
        '"Nobody told me," she whispered, "that you were coming home tonight."',
        "Nobody told me, she whispered, that you were coming home tonight.",
    ),
    ("The beauty of the view stunned the young boy.", None),
    ("It snowed, rained, and hailed the same morning.", None),
    ("Could you tell me where the nearest train station is?", None),
    (
        "He lives at 1600 Pennsylvania Ave. NW, Washington, D.C.",
        "He lives at sixteen hundred Pennsylvania Avenue N W, Washington, D C.",
    ),
    (
        "The CEO of IBM, Inc., met w/ the CFO at 3 p.m. on Fri., Jan. 5.",
        "The C E O of I B M, Incorporated, met with the C F O at three P M on Friday, "
        "January fifth.",
    ),
    (
        "Louis XVI was executed in 1793; Queen Elizabeth II died in 2022.",
        "Louis the sixteenth was executed in seventeen ninety three; "
        "Queen Elizabeth the second died in twenty twenty two.",
    ),
    (
        "Quote. the apartments, built for 60 persons, now contain about 120. End quote.",
        "Quote. the apartments, built for sixty persons, now contain about one hundred twenty. "
        "End quote.",
    ),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_sentences_are_read(text: str, expected: str | None) -> None:
    assert normalize(text).text == (text if expected is None else expected)


def test_another_script_is_transliterated_with_one_warning() -> None:
    hello = "\u041f\u0440\u0438\u0432\u0435\u0442"
    normalized = normalize(f"{hello}, \u043c\u0438\u0440! \u6f22\u5b57 \u05e9\u05dc\u05d5\u05dd")
    assert normalized.text.startswith("privet, mir! han zi")
    assert len(normalized.warnings) == 1
    assert hello in normalized.warnings[0]


def test_what_can_not_be_spoken_is_dropped_with_one_warning() -> None:
    normalized = normalize("a\x00b \ue000\ue001 \ud800 \ufffd c")
    assert normalized.text == "ab C"
    assert len(normalized.warnings) == 1
    assert "5 characters" in normalized.warnings[0]


def test_phonemes_in_braces_pass_through() -> None:
    normalized = normalize("Say {HH AH0 L OW1}, Dr. {W ER1  L D}!")
    assert normalized.text == "Say {HH AH0 L OW1}, Doctor {W ER1 L D}!"
    assert not normalized.warnings
    assert normalize("<b {T UW1}> {HH AH0}").text == "{HH AH0}"


def test_braces_with_other_than_phonemes_are_text() -> None:
    normalized = normalize("{hello} {HH AX}")
    assert normalized.text == "hello H H A X"
    assert len(normalized.warnings) == 1
    assert "{HH AX}" in normalized.warnings[0]


def test_words_of_a_lexicon_stay() -> None:
    assert normalize("SQL and GIF").text == "S Q L and GIF"
    assert normalize("SQL and PyTorch", known={"sql", "pytorch"}).text == "SQL and PyTorch"
    assert normalize("SQL's", known={"sql"}).text == "SQL's"


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("I", 1),
        ("iv", 4),
        ("XLII", 42),
        ("MCMXCIX", 1999),
        ("IIII", None),
        ("VX", None),
        ("IC", None),
        ("VIV", None),
        ("CIVIL", None),
        ("", None),
    ],
)
def test_roman_numerals(numeral: str, value: int | None) -> None:
    assert value_of(numeral) == value
