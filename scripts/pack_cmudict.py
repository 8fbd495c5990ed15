"""Pack the CMU Pronouncing Dictionary into the form that tacotron.text.lexicon searches.

    python scripts/pack_cmudict.py cmudict.dict

takes the dictionary's own file (https://github.com/cmusphinx/cmudict) and writes
src/tacotron/text/data/cmudict.txt.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tacotron.files import atomic_write
from tacotron.text.lexicon import CMUDICT
from tacotron.text.symbols import PHONEMES

CODES = {phoneme: chr(ord("!") + code) for code, phoneme in enumerate(PHONEMES)}


def pack(text: str) -> str:
    """Return the packed form of a ``text`` in the dictionary's format (`PackedDictionary`)."""
    entries: dict[str, list[str]] = {}
    for line in text.splitlines():
        entry, *phonemes = line.split("#")[0].split()
        word = entry.split("(")[0]
        code = "".join(CODES[phoneme] for phoneme in phonemes)
        variants = entries.setdefault(word, [])
        if code not in variants:
            variants.append(code)
    lines = [f"{word}\t{' '.join(codes)}\n" for word, codes in entries.items()]
    lines.sort(key=str.encode)
    return " ".join(PHONEMES) + "\n" + "".join(lines)


def main() -> None:
    """Write the packed dictionary and say how large it came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dictionary", type=Path, help="cmudict.dict, as the project publishes it")
    packed = pack(parser.parse_args().dictionary.read_text(encoding="utf-8"))
    with atomic_write(CMUDICT, "w") as file:
        file.write(packed)
    print(f"{CMUDICT}: {packed.count(chr(10)) - 1} words, {len(packed) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
