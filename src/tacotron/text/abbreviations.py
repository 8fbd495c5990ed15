"""Abbreviations as words, by their place: "St. James St." is "Saint James Street"."""

import re

from tacotron.text.context import SENTENCE_STARTERS, stop_after, word_after, word_before, word_set

# Titles stand before a name; their stop never ends a sentence.
_TITLES = {
    "mr": "mister",
    "mrs": "missus",
    "ms": "ms",
    "mx": "mix",
    "messrs": "messers",
    "dr": "doctor",
    "drs": "doctors",
    "prof": "professor",
    "rev": "reverend",
    "fr": "father",
    "hon": "honorable",
    "gen": "general",
    "col": "colonel",
    "maj": "major",
    "capt": "captain",
    "cmdr": "commander",
    "lt": "lieutenant",
    "sgt": "sergeant",
    "cpl": "corporal",
    "pvt": "private",
    "adm": "admiral",
    "gov": "governor",
    "sen": "senator",
    "sens": "senators",
    "rep": "representative",
    "reps": "representatives",
    "pres": "president",
    "supt": "superintendent",
    "mt": "mount",
    "pt": "point",
    "ft": "fort",
    "st": "saint",
}
# Read the same wherever they stand; their stop may end a sentence.
_WORDS = {
    "etc": "et cetera",
    "vs": "versus",
    "viz": "namely",
    "cf": "compare",
    "approx": "approximately",
    "ca": "circa",
    "dept": "department",
    "depts": "departments",
    "govt": "government",
    "univ": "university",
    "assn": "association",
    "assoc": "associate",
    "asst": "assistant",
    "bros": "brothers",
    "inc": "incorporated",
    "ltd": "limited",
    "co": "company",
    "cos": "companies",
    "corp": "corporation",
    "jr": "junior",
    "sr": "senior",
    "esq": "esquire",
    "intl": "international",
    "natl": "national",
    "mfg": "manufacturing",
    "mgr": "manager",
    "est": "estimated",
    "incl": "including",
    "excl": "excluding",
    "misc": "miscellaneous",
    "max": "maximum",
    "avg": "average",
    "tel": "telephone",
    "ext": "extension",
    "ed": "editor",
    "eds": "editors",
    "apt": "apartment",
    "bldg": "building",
    "hwy": "highway",
    "pkwy": "parkway",
    "blvd": "boulevard",
    "rd": "road",
    "ave": "avenue",
    "ln": "lane",
    "ct": "court",
    "pl": "place",
    "sq": "square",
}
# Months and days of the week, which may also be the ends of a range: "Mon-Fri".
_CALENDAR = {
    "jan": "January",
    "feb": "February",
    "mar": "March",
    "apr": "April",
    "jun": "June",
    "jul": "July",
    "aug": "August",
    "sept": "September",
    "sep": "September",
    "oct": "October",
    "nov": "November",
    "dec": "December",
    "mon": "Monday",
    "tues": "Tuesday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thurs": "Thursday",
    "thur": "Thursday",
    "thu": "Thursday",
    "fri": "Friday",
}
_WORDS |= _CALENDAR
_CALENDAR |= {"sat": "Saturday", "sun": "Sunday"}
# Read so only before a number.
_BEFORE_NUMBER = {
    "no": "number",
    "nos": "numbers",
    "vol": "volume",
    "vols": "volumes",
    "ch": "chapter",
    "chap": "chapter",
    "p": "page",
    "pp": "pages",
    "ed": "edition",
    "fig": "figure",
    "figs": "figures",
    "sec": "section",
    "art": "article",
    "eq": "equation",
    "op": "opus",
    "rm": "room",
    "v": "verse",
    "vv": "verses",
    "c": "circa",
}
# And read so after an ordinal: "the 19th c.".
_AFTER_ORDINAL = {"c": "century", "cent": "century", "ed": "edition"}
# Of these the number may be a Roman one.
_BEFORE_NUMERAL = word_set("vol vols ch chap sec art fig figs")
# In lower case these are words, or units: "the last dec. he wed.", "5 ft."
_CAPITALIZED_ONLY = word_set(
    """
    adm apr art aug ave co col cos ct dec feb fr fri ft gen hon jan jul jun mar mon mt nov oct pl
    pt rd rep rev sen sep sept sq thu tue wed
    """
)
# With a capital these are names, or initials.
_LOWER_CASE_ONLY = word_set("max ed est avg p c v")
# These are streets only behind a name: "Elm Ct."
_STREETS = word_set("rd ln ct pl sq")
_SAINTS = word_set(
    """
    Agnes Albans Andrew Andrews Ann Anne Anthony Augustine Barts Basil Benedict Bernard Catherine
    Charles Clair Clement Cloud Columba Croix David Denis Elmo Francis Gallen George Germain Helena
    Helens Ives James Joan John Johns Joseph Kilda Kitts Lawrence Louis Lucia Luke Mark Martin Mary
    Matthew Michael Moritz Nicholas Olaf Pancras Patrick Paul Pauls Peter Petersburg Pierre Simon
    Stephen Swithin Teresa Theresa Thomas Tropez Valentine Vincent
    """
)
_PHRASES = {
    "e.g": "for example",
    "i.e": "that is",
    "et al": "et al",
    "&c": "et cetera",
    "w/o": "without",
    "w/": "with",
    "b/c": "because",
    "c/o": "care of",
    "n/a": "N A",
    "24/7": "twenty four seven",
    "9/11": "nine eleven",
    "'n'": "and",
}
_STATES = {
    name[:2]: name[3:].replace("_", " ")
    for name in word_set(
        "AL:Alabama AK:Alaska AZ:Arizona AR:Arkansas CA:California CO:Colorado CT:Connecticut "
        "DE:Delaware FL:Florida GA:Georgia HI:Hawaii ID:Idaho IL:Illinois IN:Indiana IA:Iowa "
        "KS:Kansas KY:Kentucky LA:Louisiana ME:Maine MD:Maryland MA:Massachusetts MI:Michigan "
        "MN:Minnesota MS:Mississippi MO:Missouri MT:Montana NE:Nebraska NV:Nevada OH:Ohio "
        "OR:Oregon PA:Pennsylvania RI:Rhode_Island SC:South_Carolina SD:South_Dakota "
        "NH:New_Hampshire NJ:New_Jersey NM:New_Mexico NY:New_York NC:North_Carolina "
        "ND:North_Dakota TN:Tennessee TX:Texas UT:Utah VT:Vermont VA:Virginia WA:Washington "
        "WV:West_Virginia WI:Wisconsin WY:Wyoming"
    )
}

_PHRASE = re.compile(
    r"(?<![A-Za-z0-9/.])(?:((?i:e\.g|i\.e))\b\.?|(et al|&c)\.|((?i:w/o|b/c|c/o|n/a)\b|w/)(?!/)"
    r"|(24/7|9/11)(?![0-9/]))|(?<=[A-Za-z])( ?'n' ?)(?=[A-Za-z])"
)
# A word with a stop, or without one where it can't be anything else.
_ABBREVIATION = re.compile(
    r"(?<![A-Za-z0-9.'])(?:([A-Za-z]{1,7})\.(?![a-z0-9.])"
    r"|(Mrs?|mrs?|Ms|Dr|dr|Prof|St|Jr|Sr|vs|Lt|Sgt|Capt|Gov|Rev|Mt|Ft|Ltd|Dept|Blvd|Ave|Rd)"
    r"(?![A-Za-z0-9.'&-]))"
)
_VERSUS = re.compile(r"(?<=[A-Za-z.]) v\.? (?=[A-Z])")
_NUMBER_FOLLOWS = re.compile(r"\.? ?#?[0-9]")
_NUMERAL_FOLLOWS = re.compile(r"\.? ?[IVXLC]{2,7}\b(?!')")
_ORDINAL = re.compile(r"[0-9](?:st|nd|rd|th)$|(?:first|second|third|revised|new)$", re.IGNORECASE)
# Where a house stands: "12 E. 42nd St.", "100 N. Broadway".
_DIRECTION = re.compile(
    r"(?<=[0-9] )([NSEW])\.?(?= (?:Broadway\b|(?:[A-Z][a-z]{1,20}|[0-9]{1,3}(?:st|nd|rd|th)) "
    r"(?:St|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Dr|Drive|Ln|Lane|Pl|Place|Ct|Court|Way|Hwy)\b))"
)
_DIRECTIONS = {"N": "North", "S": "South", "E": "East", "W": "West"}
_CALENDAR_RANGE = re.compile(
    r"\b([A-Z][a-z]{2,3})(?:\.|\b)(?: ?- ?| to )([A-Z][a-z]{2,3})(?:\b\.(?= ?[a-z0-9,;:])|\b)"
)
_STATE = re.compile(r"(?<=[a-z]), ([A-Z]{2})\b(?: ([0-9]{5})(?:-([0-9]{4}))?\b)?")
_HOUSE = re.compile(r"[0-9] (?:[A-Z][a-z]+ )+$")


def _replace_phrase(match: re.Match[str]) -> str:
    written = next(group for group in match.groups() if group).strip().lower()
    words = _PHRASES[written]
    if written in ("et al", "&c"):
        return words + stop_after(match.string, match.end(), any_capital=True)
    return f" {words} " if written in ("w/", "'n'") else words


def _is_in_street(before: str) -> bool:
    """Whether the word before may be a street's name: "Elm", "42nd"."""
    return before[:1].isdigit() or (before[:1].isupper() and before not in SENTENCE_STARTERS)


def _saint_or_street(before: str, after: str) -> str:
    if before[:1].isdigit():
        return "street"
    if after.capitalize() in _SAINTS:
        return "saint"
    if not after[:1].isupper() or _is_in_street(before):
        return "street"
    return "street" if before and after in SENTENCE_STARTERS else "saint"


def _doctor_or_drive(text: str, start: int, before: str, after: str) -> str:
    if not _is_in_street(before):
        return "doctor"
    if not after[:1].isupper() or after in SENTENCE_STARTERS:
        return "drive"
    return "drive" if _HOUSE.search(text[max(0, start - 40) : start]) else "doctor"


def _replace_abbreviation(match: re.Match[str]) -> str:
    text, (start, end) = match.string, match.span()
    stopped, unstopped = match.groups()
    written = stopped or unstopped
    key, upper = written.lower(), written[0].isupper()
    if (upper and key in _LOWER_CASE_ONLY) or (not upper and key in _CAPITALIZED_ONLY):
        return written + "." if stopped else written
    before, after = word_before(text, start), word_after(text, end)
    if stopped and key in _AFTER_ORDINAL and _ORDINAL.search(before):
        return _AFTER_ORDINAL[key] + stop_after(text, end)
    if stopped and key == "ed" and after == "by":
        return "edited"
    if stopped and key in _BEFORE_NUMERAL and _NUMERAL_FOLLOWS.match(text, end):
        return _BEFORE_NUMBER[key]
    if key in _BEFORE_NUMBER and _NUMBER_FOLLOWS.match(text, end):
        return _BEFORE_NUMBER[key] + (" " if text[end] != " " else "")
    words = _TITLES.get(key) or _WORDS.get(key)
    if words is None or (written.isupper() and len(written) > 1):
        return match[0]
    needs_capital = key in ("mt", "ft", "pt") and not after[:1].isupper()
    if needs_capital or (
        (key in _STREETS or (key == "ave" and unstopped)) and not _is_in_street(before)
    ):
        return match[0]
    if key == "st":
        words = _saint_or_street(before, after)
    elif key == "dr":
        words = _doctor_or_drive(text, start, before, after)
    stop = ""
    if stopped and (words in ("street", "drive") or key in _WORDS):
        stop = stop_after(text, end, any_capital=key == "etc")
    elif stopped and not after and not text[end:].strip():
        stop = "."  # "Ask the Dr."
    glued = " " if stopped and end < len(text) and text[end].isalpha() else ""
    return (words[0].upper() + words[1:] if upper else words) + stop + glued


def _replace_calendar_range(match: re.Match[str]) -> str:
    first, last = (_CALENDAR.get(name.lower()) for name in match.groups())
    return f"{first} to {last}" if first and last else match[0]


def _replace_state(match: re.Match[str]) -> str:
    code, postal, extension = match.groups()
    name = _STATES.get(code)
    if name is None:
        return match[0]
    # a postal code is read by digits
    digits = " ".join("-".join(filter(None, (postal, extension)))) if postal else ""
    return f", {name} {digits}".rstrip()


def read_abbreviations(text: str) -> str:
    """Replace abbreviations; a stop that also ends a sentence stays."""
    text = _PHRASE.sub(_replace_phrase, text)
    text = _CALENDAR_RANGE.sub(_replace_calendar_range, text)
    text = _DIRECTION.sub(lambda match: _DIRECTIONS[match[1]], text)
    text = _VERSUS.sub(" versus ", text)
    text = _ABBREVIATION.sub(_replace_abbreviation, text)
    return _STATE.sub(_replace_state, text)
