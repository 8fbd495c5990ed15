"""Words spelled alike and spoken differently: which one is meant, by the words beside them.

Heuristics on the neighbors (articles, modals, pronouns, prepositions) in the manner of Yarowsky's
decision lists ("Homograph Disambiguation in Text-to-Speech Synthesis", 1997): the first condition
that holds decides. What is tried, and in which order, lies in data/heteronyms.txt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tacotron.text.lexicon import Pronunciation
from tacotron.text.morphology import with_s

HETERONYMS = Path(__file__).parent / "data" / "heteronyms.txt"

# How many neighbors a condition sees: a clause or so.
BEFORE = 8
AFTER = 9

_IS_NOT_HAS = r"(?!(?:it|he|she|that|there|here|where|what|who|how|let)'s )"  # no possessive
_POSSESSIVE = rf"my|your|his|her|its|our|their|whose|{_IS_NOT_HAS}[a-z]+'s|[a-z]+s'"

# Lists of words that conditions name; what is spelled <name> in a later one is an earlier one.
CLASSES = {
    "modal": r"will|would|can|could|may|might|must|shall|should|cannot|do|does|did|let's|please"
    r"|[a-z]+n't|[a-z]+'ll|[a-z]+'d",
    "be": r"am|is|are|was|were|be|been|being|isn't|wasn't|aren't|weren't|i'm|it's|he's|she's"
    r"|that's|[a-z]+'re",
    "adv": r"not|never|also|always|often|then|now|just|still|only|ever|soon|even|further|thus"
    r"|again|both|once|seldom|sometimes|hardly|(?!only)[a-z]{2,}ly",
    "subject": "i|we|you|they|who",
    "thirdperson": "he|she|it|who|which|that|this|everyone|everybody|nobody|someone|one",
    "possessive": _POSSESSIVE,
    "article": "the|a|an",
    "det": "<article>|<possessive>|no|any|some|every|each|either|neither|another|such|this|that"
    "|these|those|what|own",
    "prep": "of|in|on|at|by|for|from|with|without|into|upon|under|over|about|after|before|between"
    "|through|against|during|as|per|off|via|despite|within|toward|towards|among|until|till",
    "adjective": "new|old|first|second|third|last|next|great|good|bad|big|small|little|same|other"
    "|main|whole|long|short|full|recent|public|private|early|late|high|low|large|further|former"
    "|special|several|many|few|more|most|much|two|three|four|five|six|seven|eight|nine|ten"
    "|hundred|thousand|million|both|all|[a-z]+(?:ous|ful|ive|ial|ical|able|ible|less|ish)",
    # "a sharp", "in everyday", "the rapid and marked": what may stand before a noun. Plural nouns
    # and what begins a new phrase may not.
    "phrase": "(?:<article>|<possessive>|in|of|with|without)(?: (?!(?:people|men|women|children"
    "|police|to|and|or|not|that|who|which|he|she|it|they|we|you|i|<modal>|<be>) )"
    "(?:[a-z]*[^s ]|[a-z]*(?:ous|less))(?: and)?){1,2}",
    "object": "<article>|my|your|his|her|its|our|their|this|these|those|him|them|me|us|it|all"
    "|every|each|both|what|any|some|himself|herself|itself|themselves|myself|yourself|ourselves",
}

# A verb follows these, but a word before an object is one too unless a noun must stand there.
_VERB_AFTER = (
    "(?:to|<modal>) (?:<adv> )*_|(?:<subject>) (?:<adv> )*_|(?:to|<modal>) [a-z]+ (?:and|or) _"
)
_VERB_AFTER_S = "(?:<thirdperson>) (?:<adv> )*_"
_VERB_BEFORE = "_ (?:<object>)"
_NOUN_AFTER = "(?:<det>|<prep>|<adjective>) _|<phrase> _(?! <object> )"
# "that records", "this permits": the form with -s is no singular noun.
_NOUN_AFTER_S = (
    "(?:the|<possessive>|no|any|some|these|those|such|own|<prep>|<adjective>) _"
    "|<possessive> [a-z]+ _"
)
_NOUN_BEFORE = "_ (?:of|is|was|are|were|has|had)"


@dataclass(frozen=True)
class Reading:
    """One way to speak a word, and the conditions one of which must hold; none: always."""

    phonemes: Pronunciation
    conditions: tuple[str, ...]


@cache
def readings() -> dict[str, tuple[Reading, ...]]:
    """Return the ways to speak each word of data/heteronyms.txt, in the order to be tried."""
    table: dict[str, tuple[Reading, ...]] = {}
    for line in HETERONYMS.read_text(encoding="utf-8").splitlines():
        entry, _, conditions = line.partition(";;;")[0].partition(" : ")
        if not entry.strip():
            continue
        word, *phonemes = entry.split()
        reading = Reading(
            tuple(phonemes), tuple(each.strip() for each in conditions.split(";") if each.strip())
        )
        stem = word.removesuffix("(s)")
        table[stem] = (*table.get(stem, ()), reading)
        if stem != word:
            plural = Reading(with_s(reading.phonemes), reading.conditions)
            table[stem + "s"] = (*table.get(stem + "s", ()), plural)
    return table


def choose(tokens: Sequence[str], place: int) -> Pronunciation | None:
    """Return how the word at ``place`` is spoken, None where it is no heteronym.

    ``tokens`` are the words of a text as written, and between them its punctuation symbols.
    """
    written = tokens[place]
    word = written.lower()
    ways = readings().get(word)
    if ways is None:
        return None
    context = _context(tokens, place)
    for way in ways:
        if not way.conditions or any(
            _holds(condition, written, context) for condition in way.conditions
        ):
            return way.phonemes
    return ways[-1].phonemes


def _context(tokens: Sequence[str], place: int) -> str:
    """Return the neighbors in lower case with ``_`` in the middle, parted by spaces."""
    before = [_neighbor(token) for token in tokens[max(0, place - BEFORE) : place]]
    after = [_neighbor(token) for token in tokens[place + 1 : place + 1 + AFTER]]
    if place <= BEFORE:
        before.insert(0, ".")
    if place + 1 + AFTER >= len(tokens):
        after.append(".")
    return f" {' '.join(before)} _ {' '.join(after)} "


def _neighbor(token: str) -> str:
    if token in ".?!":
        return "."
    if token in ",;:—":
        return ","
    return token.lower()


def _holds(condition: str, written: str, context: str) -> bool:
    if condition == "capital":
        return written[0].isupper() and ". _" not in context
    if condition == "verb":
        return _is_verb(written.lower(), context)
    if condition == "noun":
        return _is_noun(written.lower(), context)
    return _matches(condition, context)


def _is_verb(word: str, context: str) -> bool:
    after, noun_after = _evidence(word)
    if _matches(after, context):
        return True
    return _matches(_VERB_BEFORE, context) and not _matches(noun_after, context)


def _is_noun(word: str, context: str) -> bool:
    verb_after, after = _evidence(word)
    if _matches(after, context):
        return True
    return _matches(_NOUN_BEFORE, context) and not _matches(verb_after, context)


def _evidence(word: str) -> tuple[str, str]:
    """Return the patterns for what makes a word with or without -s a verb, and a noun."""
    if word.endswith("s") and not word.endswith("ss"):
        return _VERB_AFTER_S, _NOUN_AFTER_S
    return _VERB_AFTER, _NOUN_AFTER


def _matches(condition: str, context: str) -> bool:
    return condition_pattern(condition).search(context) is not None


@cache
def condition_pattern(condition: str) -> re.Pattern[str]:
    """Return ``condition`` as a pattern of whole words; the file's conditions are all there are."""
    pattern = condition.replace(".", r"\.")
    while "<" in pattern.replace("(?<", ""):
        pattern = re.sub(r"<([a-z]+)>", lambda match: f"(?:{CLASSES[match[1]]})", pattern)
    return re.compile(f"(?<= )(?:{pattern})(?= )")
