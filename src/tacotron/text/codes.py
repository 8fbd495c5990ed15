"""Numbers that name rather than count: telephone numbers, addresses of machines, versions, rooms.

They are read by digits or in groups, and so are words of letters and digits such as "A320".
"""

import re

from tacotron.text.acronyms import spell
from tacotron.text.numbers import NUMBER_START, digits, integer, pairs, plural

_NUMBER_SIGN = re.compile("# ?(?=[0-9])")
_IP = re.compile(
    r"(?<![0-9A-Za-z.])([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?![0-9]|\.[0-9])(?:/([0-9]{1,2})\b)?"
    r"(?::([0-9]{2,5})\b)?"
)
_VERSION = re.compile(r"\b([Vv])(?:er)?\.? ?([0-9]{1,4}(?:\.[0-9]{1,6}){0,5})(?![0-9A-Za-z])")
_SEVERAL_POINTS = re.compile(r"(?<![0-9.])[0-9]{1,6}(?:\.[0-9]{1,6}){2,5}(?![0-9]|\.[0-9])")
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?:(\+?)(1)[-. ])?\(?([2-9][0-9]{2})(?:\) ?|[-. ])([0-9]{3})[-. ]"
    r"([0-9]{4})(?![0-9-])"
)
# 1-800-FLOWERS: whose last digits are letters of the keys.
_VANITY = re.compile(r"(?<![0-9A-Za-z-])1-([2-9][0-9]{2})-(?=[A-Z]{2})")
_INTERNATIONAL = re.compile(
    r"(?<![0-9A-Za-z])\+([0-9]{1,3}(?:[ -.]\(?[0-9]{1,5}\)?){2,6})(?![0-9])"
)
_LOCAL = re.compile(
    r"(?i:(?<=call )|(?<=phone )|(?<=dial )|(?<=number )|(?<=tel )|(?<=at )|(?<=text )|(?<=phone: )"
    r"|(?<=tel: )|(?=555-))(?<![0-9-])([0-9]{3})-([0-9]{4})(?![0-9-])"
)
# Outside America numbers begin with a zero: 020 7946 0958.
_TRUNK = re.compile(r"(?<![0-9A-Za-z.,])\(?0[0-9]{1,4}\)?(?:[ -][0-9]{3,8}){1,3}(?![0-9-])")
_CARD = re.compile(r"(?<![0-9])[0-9]{4}(?:[ -][0-9]{4}){3}(?![0-9])")
_CHAIN = re.compile(r"(?<![0-9A-Za-z-])[0-9]{1,9}(?:-[0-9]{1,9}){2,8}(?![0-9A-Za-z-])")
_EMERGENCY = re.compile(r"(?i:\b(call|calls|called|calling|dial|dialed|phone) )(911|999|112|411)\b")
# Everyone knows 911, unless it counts something.
_HELP = re.compile(r"(?<![0-9$£€.,#-])911(?![0-9%°-]|[.,][0-9]| people| [a-z]+s\b)")
_PLACE = re.compile(
    r"\b((?i:room|flight|suite|apartment|route|highway|interstate|bus|gate|boeing|airbus|area"
    r"|channel|extension|building|studio|locker|train|line) )#?([0-9]{3,4})(?![0-9]|[.,][0-9])"
)
_SECRET = re.compile(
    r"\b((?i:pin|code|zip|password|passcode|account|serial|ext|extension)(?i: number| code)?"
    r"(?:\.|:| is)? )#?([0-9]{4,12})(?![0-9]|[.,][0-9])"
)
_LONG = re.compile(NUMBER_START + r"[0-9]{10,}+(?![.,]?[0-9])")
# Thousands parted by spaces, as the SI writes them.
_SPACED = re.compile(r"(?<![0-9])(?<![0-9][ .,])[1-9][0-9]{0,2}(?: [0-9]{3}){2,6}(?! ?[0-9])")
_SCALED = re.compile(NUMBER_START + r"([0-9]{1,3}(?:\.[0-9]{1,3})?)(k|M|bn)(?![A-Za-z0-9])")
_SCALES = {"k": "thousand", "M": "million", "bn": "billion"}
_MIXED = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9]\.)(?=[A-Za-z]{1,40}+[0-9]|[0-9]{1,40}+[A-Za-z])[A-Za-z0-9]++"
)
_PARTS = re.compile("[A-Za-z]+|[0-9]+")
_VOWEL = re.compile("[aeiouy]")
# Any of several versions: Python 3.x.
_ANY_POINT = re.compile(r"(?<=[0-9])\.(?=x\b)")
# The standard H.264 is said "H two sixty four".
_LETTER_POINT = re.compile(r"(?<=\b[A-Z])\.(?=[0-9]{3}\b)")
_COMPOUND = re.compile(r"(?<=[A-Za-z0-9])-(?=[0-9])|(?<=[0-9])-(?=[A-Za-z])")


def _by_dots(written: str, dot: str) -> str:
    return f" {dot} ".join(pairs(part) for part in written.split("."))


def _replace_ip(match: re.Match[str]) -> str:
    address, network, port = match.groups()
    words = _by_dots(address, "dot")
    if network:
        words += f" slash {integer(network)}"
    return words + (f" colon {pairs(port)}" if port else "")


def _replace_version(match: re.Match[str]) -> str:
    letter, written = match.groups()
    if letter == "V" and "." not in written:  # an engine: V8
        return match[0]
    return "version " + _points(written)


def _points(written: str) -> str:
    return " point ".join(integer(part) for part in written.split("."))


def _replace_phone(match: re.Match[str]) -> str:
    plus, country, *groups = match.groups()
    area = _area(groups[0])
    front = f"{digits(country)}, " if country else ""
    return f"{'plus ' if plus else ''}{front}{area}, {_in_groups(groups[1:])}"


def _area(written: str) -> str:
    return "eight hundred" if written == "800" else digits(written)


def _in_groups(groups: list[str]) -> str:
    return ", ".join(digits(group) for group in groups)


def _replace_trunk(match: re.Match[str]) -> str:
    groups = re.findall("[0-9]+", match[0])
    return _in_groups(groups) if sum(map(len, groups)) >= 9 else match[0]


def _replace_chain(match: re.Match[str]) -> str:
    groups = match[0].split("-")
    if all(len(group) == 1 for group in groups):
        return digits(match[0])
    return _in_groups(groups)


def _replace_long(match: re.Match[str]) -> str:
    written = match[0]
    if written.endswith("000") and not written.startswith("0"):  # a round count
        return integer(written)
    if len(written) == 10:  # a telephone number
        return _in_groups([written[:3], written[3:6], written[6:]])
    return digits(written)


def _replace_mixed(match: re.Match[str]) -> str:
    """Read words of letters and digits part by part: "H2O", "A320", "1080p", "COVID19"."""
    parts = _PARTS.findall(match[0])
    if len(parts) > 5:  # a hash or a key
        return " ".join(spell(part) if part[0].isalpha() else digits(part) for part in parts)
    words = []
    for part in parts:
        if part[0].isdigit():
            words.append(pairs(part) if len(part) in (3, 4) else integer(part))
        elif part == "s" and words:  # MP3s
            words[-1] = plural(words[-1])
        elif len(part) <= 2 or (len(part) == 3 and (part.isupper() or not _VOWEL.search(part))):
            words.append(spell(part))
        else:
            words.append(part)
    return " ".join(words)


def read_codes(text: str) -> str:
    """Replace numbers that name something and have a form or a word beside them that tells so."""
    text = _NUMBER_SIGN.sub("number ", text)
    text = _IP.sub(_replace_ip, text)
    text = _VERSION.sub(_replace_version, text)
    text = _PHONE.sub(_replace_phone, text)
    text = _VANITY.sub(lambda match: f"one, {_area(match[1])}, ", text)
    text = _INTERNATIONAL.sub(
        lambda match: "plus " + _in_groups(re.findall("[0-9]+", match[1])), text
    )
    text = _LOCAL.sub(lambda match: _in_groups([match[1], match[2]]), text)
    text = _TRUNK.sub(_replace_trunk, text)
    text = _SPACED.sub(lambda match: integer(match[0].replace(" ", "")), text)
    text = _CARD.sub(lambda match: _in_groups(re.split("[ -]", match[0])), text)
    text = _CHAIN.sub(_replace_chain, text)
    text = _SEVERAL_POINTS.sub(lambda match: _points(match[0]), text)
    text = _EMERGENCY.sub(lambda match: f"{match[1]} {digits(match[2])}", text)
    text = _HELP.sub(digits("911"), text)
    text = _SECRET.sub(lambda match: match[1] + digits(match[2]), text)
    text = _PLACE.sub(lambda match: match[1] + pairs(match[2]), text)
    return _LONG.sub(_replace_long, text)


def read_mixed(text: str) -> str:
    """Replace what is left of digits with letters beside them, directly or by a hyphen."""
    text = _LETTER_POINT.sub("", text)
    text = _ANY_POINT.sub(" point ", text)
    text = _SCALED.sub(lambda match: f"{match[1]} {_SCALES[match[2]]}", text)
    text = _COMPOUND.sub(" ", text)
    return _MIXED.sub(_replace_mixed, text)
