"""Text to symbols: normalizing, pronouncing, and the table of symbols a voice reads."""

from tacotron.text.frontend import (
    Encoded,
    Frontend,
    Lexicon,
    NothingToSpeakError,
    Word,
    get_frontend,
    symbol_ids,
)
from tacotron.text.lexicon import read_lexicon
from tacotron.text.symbols import ENGLISH_SYMBOLS

__all__ = [
    "ENGLISH_SYMBOLS",
    "Encoded",
    "Frontend",
    "Lexicon",
    "NothingToSpeakError",
    "Word",
    "get_frontend",
    "read_lexicon",
    "symbol_ids",
]
