"""Measures as words: "60 mph" is "sixty miles per hour", "25°C" "twenty five degrees Celsius"."""

import re

from tacotron.text.arithmetic import QUANTITY, quantity, takes_singular
from tacotron.text.context import (
    SENTENCE_STARTERS,
    is_adjective,
    noun_follows,
    stop_after,
    word_after,
    word_set,
)
from tacotron.text.numbers import NUMBER_START, RANGE, cardinal

_UNITS = {
    "km": "kilometer",
    "m": "meter",
    "dm": "decimeter",
    "cm": "centimeter",
    "mm": "millimeter",
    "µm": "micrometer",
    "nm": "nanometer",
    "in": "inch",
    "ft": "foot",
    "yd": "yard",
    "yds": "yard",
    "mi": "mile",
    "ha": "hectare",
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "µg": "microgram",
    "mcg": "microgram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "l": "liter",
    "L": "liter",
    "dl": "deciliter",
    "dL": "deciliter",
    "cl": "centiliter",
    "ml": "milliliter",
    "mL": "milliliter",
    "gal": "gallon",
    "qt": "quart",
    "tsp": "teaspoon",
    "tbsp": "tablespoon",
    "cc": "cubic centimeter",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "min": "minute",
    "mins": "minute",
    "s": "second",
    "sec": "second",
    "secs": "second",
    "ms": "millisecond",
    "µs": "microsecond",
    "ns": "nanosecond",
    "wk": "week",
    "wks": "week",
    "mo": "month",
    "mos": "month",
    "yr": "year",
    "yrs": "year",
    "mph": "mile per hour",
    "kmh": "kilometer per hour",
    "kph": "kilometer per hour",
    "mpg": "mile per gallon",
    "rpm": "revolution per minute",
    "bpm": "beat per minute",
    "fps": "frame per second",
    "ppm": "part per million",
    "dpi": "dot per inch",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "kB": "kilobyte",
    "KB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "PB": "petabyte",
    "KiB": "kibibyte",
    "MiB": "mebibyte",
    "GiB": "gibibyte",
    "Mb": "megabit",
    "Gb": "gigabit",
    "kbps": "kilobit per second",
    "Kbps": "kilobit per second",
    "Mbps": "megabit per second",
    "Gbps": "gigabit per second",
    "px": "pixel",
    "pts": "point",
    "W": "watt",
    "kW": "kilowatt",
    "MW": "megawatt",
    "GW": "gigawatt",
    "kWh": "kilowatt hour",
    "Wh": "watt hour",
    "MWh": "megawatt hour",
    "V": "volt",
    "mV": "millivolt",
    "kV": "kilovolt",
    "mA": "milliamp",
    "mAh": "milliamp hour",
    "ohms": "ohm",
    "kohms": "kilohm",
    "Mohms": "megohm",
    "dB": "decibel",
    "Pa": "pascal",
    "hPa": "hectopascal",
    "kPa": "kilopascal",
    "MPa": "megapascal",
    "mmHg": "millimeter of mercury",
    "psi": "pound per square inch",
    "cal": "calorie",
    "kcal": "kilocalorie",
    "kJ": "kilojoule",
    "hp": "horsepower",
    "%": "percent",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "°N": "degree north",
    "°S": "degree south",
    "°E": "degree east",
    "°W": "degree west",
    "°": "degree",
}
# Written in capitals as often, where that can't be mistaken.
_UNITS |= {unit.upper(): _UNITS[unit] for unit in ("km", "kg", "cm", "mph", "lbs")}
_UNITS |= {unit.lower(): _UNITS[unit] for unit in ("kHz", "MHz", "GHz", "KB", "GB", "TB")}

_PLURALS = {"foot": "feet", "inch": "inches", "percent": "percent", "horsepower": "horsepower"}
# Their stop belongs to the abbreviation; behind others it ends the sentence.
_STOPPED = word_set(
    "in ft yd yds mi lb lbs oz gal qt tsp tbsp hr hrs min mins sec secs wk wks mo mos yr yrs cal"
)
_POWERS = {"2": ("square", "squared"), "3": ("cubic", "cubed")}
_TIMES = frozenset({"second", "minute", "hour"})
# Beside these, the "in" of "6 in" is an inch rather than the preposition.
_AFTER_INCHES = word_set("long wide tall high deep thick across diameter")
_BEFORE_INCHES = re.compile(r"(?:foot|feet|ft\.?) $")

_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_MEASURE = re.compile(
    rf"(?<![A-Za-z0-9])(?<![0-9]\.)(?:({QUANTITY}){RANGE})?({QUANTITY})([ -]?)(sq\.? ?|cu\.? ?)?"
    rf"({_UNIT})(?:\^?([23]))?(?:/({_UNIT})(?:\^?([23]))?)?(?![A-Za-z0-9]|-[0-9])(\.(?![A-Za-z0-9]))?"
)
_DEGREES_APART = re.compile(r"(?<=[0-9]) ?° ?(?=[CFNSEW]\b)|(?<=[0-9]) °")
# Sides of what is measured: "10x20 ft", "25 mm x 30 mm".
_SIDES = re.compile(
    rf"(?<=[0-9a-z\"']) ?[x\u00d7] ?"
    rf"(?={QUANTITY}(?:[\"']| ?(?:mm|cm|m|km|in|ft|yd|px)(?![A-Za-z0-9])))"
)
_FEET = re.compile(rf"{NUMBER_START}({QUANTITY})'(?![A-Za-z0-9'])")
_OPENING_QUOTE = re.compile(r"(?<![A-Za-z0-9'])'(?=[A-Za-z])")
_HEIGHT = re.compile(rf"{NUMBER_START}([0-9]{{1,2}})' ?([0-9]{{1,2}})(?:\"|''|(?![0-9']))")
_INCHES = re.compile(rf"{NUMBER_START}({QUANTITY})(?:\"|'')")


def _several(unit: str) -> str:
    """Return a unit's plural: "miles per hour", "degrees Celsius"."""
    if unit.endswith("hertz"):
        return unit
    if unit.startswith("cubic "):
        return unit + "s"
    head, space, rest = unit.partition(" ")
    if rest == "hour":  # kilowatt hours
        return unit + "s"
    return _PLURALS.get(head, head + "s") + space + rest


def _to_power(unit: str, power: str | None, prefix: str | None = None) -> str:
    if prefix:
        power = "2" if prefix.startswith("sq") else "3"
    if not power:
        return unit
    before, behind = _POWERS[power]
    singular = unit.removesuffix("s")
    return f"{unit} {behind}" if singular in _TIMES else f"{before} {unit}"


def _replace_measure(match: re.Match[str]) -> str:
    first, last, gap, prefix, unit, power, per, per_power, stop = match.groups()
    text, (start, end) = match.string, match.span()
    if unit == "in" and gap == " " and not (stop or prefix) and not _is_inch(text, start, end):
        return match[0]  # "5 in" is rather the preposition
    following = word_after(text, end)
    if stop and unit in "WVL" and following.istitle() and following not in SENTENCE_STARTERS:
        return match[0]  # an initial: "In 1905 W. Churchill"
    of_a_name = text[start - 1 : start] == "-" and text[start - 2 : start - 1].isalpha()
    if (
        unit == "s"
        and not gap
        and (last.endswith("0") or of_a_name or len(last.partition(".")[0]) > 2)
    ):
        return match[0]  # a plural: 100s of people, F-16s
    singular = _UNITS[unit]
    is_single = takes_singular(last) or gap == "-" or is_adjective(text, start, end)
    name = singular if is_single and not first else _several(singular)
    words = quantity(last) + " " + _to_power(name, power, prefix)
    if first:
        words = f"{quantity(first)} to {words}"
    if per:
        words += " per " + _to_power(_UNITS[per], per_power)
    if stop and (per or unit not in _STOPPED):
        words += "."
    elif stop:
        words += stop_after(text, end, any_capital=True)
    return words


def _is_inch(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 5) : start]
    return word_after(text, end) in _AFTER_INCHES or _BEFORE_INCHES.search(before) is not None


def _replace_height(match: re.Match[str]) -> str:
    return f"{cardinal(int(match[1]))} foot {cardinal(int(match[2]))}"


def _read_inches(text: str) -> str:
    """Replace a number's double quote, unless it closes a quotation."""
    quotes = 0  # so far in the text
    position = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal quotes, position
        quotes += text.count('"', position, match.start())
        position = match.start()
        if quotes % 2:
            return match[0]
        position = match.end()
        several = "" if noun_follows(text, match.end()) or takes_singular(match[1]) else "es"
        return f"{quantity(match[1])} inch{several}"

    return _INCHES.sub(replace, text)


def _read_feet(text: str) -> str:
    """Replace a number's single quote, unless a quotation is open that it may close."""
    quotation = _OPENING_QUOTE.search(text)
    end = quotation.start() if quotation else len(text)

    def replace(match: re.Match[str]) -> str:
        if match.start() > end:
            return match[0]
        one = noun_follows(text, match.end()) or takes_singular(match[1])
        return f"{quantity(match[1])} {'foot' if one else 'feet'}"

    return _FEET.sub(replace, text)


def read_units(text: str) -> str:
    """Replace quantities with a unit."""
    text = _DEGREES_APART.sub("°", text)
    text = _SIDES.sub(" by ", text)
    text = _MEASURE.sub(_replace_measure, text)
    if "'" in text or '"' in text:
        text = _read_feet(_read_inches(_HEIGHT.sub(_replace_height, text)))
    return text
