"""Initials, acronyms and words in capitals: "F B I" is spelled, "NASA" and "STOP" are words.

A spelled letter is a token of one upper-case letter, which the pronouncer reads by its name.
"""

import re
from collections.abc import Container

from tacotron.text.context import (
    LETTER_A,
    SENTENCE_STARTERS,
    stop_after,
    word_after,
    word_before,
    word_set,
)
from tacotron.text.lexicon import cmudict

# Read as words though all capitals.
_SAID_AS_WORDS = word_set(
    """
    AIDS ASEAN BRICS CAD CAM COBOL COVID DARPA DOS EPCOT FLOTUS FOMO FORTRAN GAAP GIF HAMAS ICANN
    LAN LOL MENSA NAFTA NASA NASDAQ NATO NORAD OPEC PASCAL PIN POTUS RAM ROM SCOTUS SCUBA SIM UEFA
    UNESCO UNICEF WAN ZIP
    """
)
# Read otherwise than letter by letter or as they stand.
_SAID_OTHERWISE = {
    "OK": "okay",
    "JPEG": "J peg",
    "MPEG": "M peg",
    "JSON": "Jason",
    "ASCII": "Askey",
    "PhD": "P H D",
    "PhDs": "P H D's",
    "MSc": "M S C",
    "BSc": "B S C",
    "iOS": "I O S",
    "macOS": "mac O S",
    "Ok": "okay",
    "ok": "okay",
    "LaTeX": "Lay tech",
    "WiFi": "wifi",
}
# Always spelled, though they look like words.
_SPELLED = word_set("USAID AARP IUPAC UNHCR")
# Words of up to three letters that are meant as such when shouted alone: "do it NOW". Of longer
# ones the dictionary knows best.
_SHORT_WORDS = word_set(
    """
    AH AHA ALL AM AN AND ANY ARE ART AS ASK AT BAD BAN BE BIG BIT BOY BUT BUY BY CAN CAR CUT DAD
    DAY DID DIE DO DOG DRY DUE EAT END EYE FAR FEW FOR FUN GET GO GOD GOT HA HAD HAS HE HER HEY
    HIM HIS HIT HOT HOW I IF IN IS ITS JOB JOY KEY KID LAW LET LIE LOT LOW MAD MAN MAY ME MEN MOM
    MY NEW NO NOR NOT NOW OF OFF OH OLD ON ONE OOH OR OUR OUT OW OWN PAY PUT RAN RED RUN SAD SAW
    SAY SEE SET SHE SIX SO SON TEN THE TO TOO TOP TRY TWO UGH UH UP USE VIA WAR WAS WAY WE WHO WHY
    WIN WON WOW YAY YES YET YOU
    """
)
# Words of a text in capitals that otherwise are spelled: the United States, information technology.
_WORD_IF_SHOUTED = word_set("US IT")
# Beside these, "IT" is information technology.
_BEFORE_IT = word_set("the an our my their your of for in and")
_AFTER_IT = word_set(
    "department support team staff manager guy industry job jobs company sector system systems "
    "specialist infrastructure services professional professionals security admin worker workers"
)
# Words without a vowel letter that are said all the same.
_NO_VOWEL = word_set(
    "ms hm hmm hmmm mm mmm mhm sh shh shhh pst psst brr brrr tsk pfft zzz grr grrr nth cwm"
)
# A letter after one of these is a letter, not the initial of a name: "vitamin C. Mary..."
_LETTER_NOUNS = word_set(
    """
    vitamin plan grade class section group option type letter team point part exhibit appendix
    category column row hepatitis influenza level line list note phase platform schedule series
    side size step title unit version wing block building gate terminal floor seat room drive
    """
)
_NOT_NAMES = SENTENCE_STARTERS - {"A", "I", "Will"}
# Words in lower case between which and a name an initial may stand: "by J. Smith".
_BEFORE_NAMES = word_set("by of and to with from for that as said asked is was in on author")

_DOTTED = re.compile(
    r"(?<![A-Za-z0-9'.])(?:Ph\.? ?D|[A-Z]\.(?: ?[A-Z]\.){1,10}|[A-Z](?:\.[A-Z]){1,10}"
    r"|[a-z](?:\.[a-z]){1,10})\.?('?s)?(?![A-Za-z0-9])"
)
_INITIAL = re.compile(r"(?<![A-Za-z0-9'.])([A-Z])\.(?= ?[A-Z][A-Za-z'])")
_AMPERSAND = re.compile(r"\b([A-Z]{1,3}) ?& ?([A-Z]{1,3})\b(?!')")
_LETTERS_APART = re.compile(r"\b[A-Za-z](?:[-/][A-Za-z]){1,20}\b(?![-/'])")
_WIFI = re.compile(r"\b[Ww]i-[Ff]i\b")
_LETTER_COMPOUND = re.compile(r"\bA-(?=[A-Za-z])")
# A mark: "an A- in math".
_LETTER_MINUS = re.compile(
    r"\b([A-F])-(?= (?:in|on|for|or|to|average|grade|student|range|rating|paper)\b|[.,;:!?)]|$)"
)
_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")
_SUFFIX = re.compile("'[sS]$")
_SENTENCE = re.compile(r"[^.?!]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Names in which a capital follows a prefix, and that are one word all the same.
_PREFIXED_NAME = re.compile(r"(?:Mc|Mac(?!Book|OS)|De|Del|Di|Da|Du|La|Le|Van|Von|Fitz)[A-Z][a-z]+")
_VOWEL = re.compile("[aeiouyAEIOUY]")
# HMM, SHH: the last letter is drawn out.
_NOISE = re.compile(r"[BGHMPRSTZ]{1,4}([HMRZ])\1")
_CONSONANTS = re.compile("[BCDFGHJKLMNPQRSTVWXZ]{4}")
_THREE_LETTER_WORD = re.compile("[BCDFGHJKLMNPRSTVWZ][AEIOU][BCDFGHJKLMNPRSTVWXZ]")
_WORDLY_CLUSTERS = re.compile("GHT|NGTH|TCH|SCH|RST|RLD|CHR|PHR|THR|STR|SHR")


def spell(letters: str) -> str:
    """Return the letters as upper-case tokens of their own: "F B I"."""
    return " ".join(letters.upper()).replace("A", LETTER_A)


def read_name(word: str) -> str:
    """Return a name without spaces as words: "myJSONFile" is "my Jason File"."""
    return " ".join(_read_capitals(part, shouted=False) for part in _split_camel(word))


def _split_camel(word: str) -> list[str]:
    if word in _SAID_OTHERWISE or _PREFIXED_NAME.fullmatch(word):
        return [word]
    if word[:-1].isupper() and word[-1] == "s":  # a plural: CDs
        return [word]
    return _CAMEL.split(word)


def _is_sayable(word: str) -> bool:
    """Whether a word can be said; without a vowel it can only be spelled, if it is no noise."""
    return len(word) > 5 or bool(_VOWEL.search(word)) or word.lower() in _NO_VOWEL


def _is_word(word: str) -> bool:
    """Whether a word in capitals is rather a word than an acronym, by itself."""
    if len(word) < 4:
        return word in _SHORT_WORDS
    if word in _SPELLED or not _VOWEL.search(word):
        return False
    if word.lower() in cmudict():
        return True
    return len(word) > 4 and not _CONSONANTS.search(_WORDLY_CLUSTERS.sub("", word))


def _read_capitals(word: str, *, shouted: bool) -> str:
    """Return a word of letters as it is read, in or outside a sentence that is ``shouted``."""
    if word in _SAID_OTHERWISE:
        return _SAID_OTHERWISE[word]
    if len(word) == 1:
        return word
    if not word.isupper():
        if len(word) == 2 and word[1] == "s" and not _VOWEL.match(word):  # the three Rs
            return f"{spell(word[0])}'s"
        if word[:-1].isupper() and word[-1] == "s" and len(word) > 2:
            singular = word[:-1]
            if singular in _SAID_AS_WORDS or _is_word(singular):
                return f"{singular}'s"
            return f"{spell(singular)}'s"
        return word if _is_sayable(word) else spell(word)
    if word in _SAID_AS_WORDS:
        return word
    if _is_word(word):
        return word.lower()
    if _NOISE.fullmatch(word):
        return word.lower()
    if shouted and word not in _SPELLED:
        wordly = _VOWEL.search(word) if len(word) == 4 else _THREE_LETTER_WORD.fullmatch(word)
        if wordly or word in _WORD_IF_SHOUTED:
            return word.lower()
    return spell(word)


def _is_shouted(sentence: str) -> bool:
    """Whether a sentence is in capitals, so that these mark no acronyms."""
    words = re.findall("[A-Za-z]{2,}", sentence)
    capitals = [word for word in words if word.isupper()]
    wordly = sum(word not in _SAID_AS_WORDS and _is_word(word) for word in capitals)
    return wordly >= 1 and len(capitals) >= 2 and 2 * len(capitals) > len(words)


def _read_sentence(match: re.Match[str], known: Container[str]) -> str:
    sentence = match[0]
    shouted = _is_shouted(sentence)

    def replace(found: re.Match[str]) -> str:
        written = found[0]
        word = _SUFFIX.sub("", written)
        suffix = written[len(word) :].lower()
        if word.lower() in known:
            return written
        plain = word[1:].islower() and word not in _SAID_OTHERWISE
        if shouted and word == "A":
            return written.lower()
        if len(word) == 1 or (plain and _is_sayable(word)):
            return written  # lower case or capitalized, as the most of all words
        if "'" in word:  # DON'T
            return "I" + written[1:].lower() if written.startswith("I'") else _calm(written)
        if word == "IT" and not shouted and not _is_technology(sentence, found):
            return "it" + suffix
        before = word_before(sentence, found.start())
        organization = word == "WHO" and not shouted and before.lower() == "the"
        if organization or (word == "US" and before == "THE"):
            return spell(word) + suffix
        return (
            " ".join(_read_capitals(part, shouted=shouted) for part in _split_camel(word)) + suffix
        )

    return _WORD.sub(replace, sentence)


def _calm(word: str) -> str:
    return word.lower() if word.isupper() else word


def _is_technology(text: str, match: re.Match[str]) -> bool:
    """Whether "IT" is information technology rather than a stressed "it"."""
    after = word_after(text, match.end())
    return word_before(text, match.start()).lower() in _BEFORE_IT or after in _AFTER_IT


def _replace_dotted(match: re.Match[str]) -> str:
    written, suffix = match[0], match[1] or ""
    letters = re.sub("[^A-Za-z]", "", written.removesuffix(suffix))
    stop = stop_after(match.string, match.end()) if written.endswith(".") else ""
    return spell(letters) + ("'s" if suffix else "") + stop


def _is_letter(word: str) -> bool:
    return word == LETTER_A or (len(word) == 1 and word.isupper())


def _replace_initial(match: re.Match[str]) -> str:
    text, letter = match.string, match[1]
    before = word_before(text, match.start())
    after = word_after(text, match.end())
    if before.lower() in _LETTER_NOUNS or _is_letter(before):
        return match[0]
    if before[:1].islower() and before not in _BEFORE_NAMES:  # "...than I. Mary said"
        return match[0]
    if before and after in _NOT_NAMES:
        return match[0]
    return spell(letter) + " "


def _replace_ampersand(match: re.Match[str]) -> str:
    if len(match[1]) > 1 and len(match[2]) > 1:
        return match[0]
    return f"{spell(match[1])} and {spell(match[2])}"


def read_acronyms(text: str, known: Container[str] = ()) -> str:
    """Replace dotted letters, initials, and words in capitals or mixed case.

    A word whose lower-case form is ``known`` (has an entry in a lexicon) stays as it is.
    """
    if "." in text:
        text = _DOTTED.sub(_replace_dotted, text)
        text = _INITIAL.sub(_replace_initial, text)
    if "&" in text:
        text = _AMPERSAND.sub(_replace_ampersand, text)
    if "-" in text or "/" in text:
        text = _LETTERS_APART.sub(lambda match: spell(re.sub("[-/]", "", match[0])), text)
        text = _LETTER_MINUS.sub(lambda match: spell(match[1]) + " minus", text)
        text = _LETTER_COMPOUND.sub(LETTER_A + " ", text)
        text = _WIFI.sub("wifi", text)
    return _SENTENCE.sub(lambda match: _read_sentence(match, known), text)
