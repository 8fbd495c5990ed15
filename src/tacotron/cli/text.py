"""show how text is read: words, symbols and ids"""

from __future__ import annotations

import argparse
import json
import sys

from tacotron.cli.streams import read_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help="text to read, or - for standard input")
    parser.add_argument(
        "--frontend",
        default="english",
        metavar="NAME",
        help="english (the default), keithito or keithito:CLEANERS",
    )
    parser.add_argument(
        "--lexicon", metavar="FILE", help="pronunciations: WORD  PH ON EM ES a line"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> None:
    from tacotron.text import get_frontend, symbol_ids
    from tacotron.text.lexicon import read_lexicon

    frontend = get_frontend(args.frontend)
    lexicon = read_lexicon(args.lexicon) if args.lexicon else None
    text = read_text("-") if args.text == "-" else args.text
    encoded = frontend.encode(text, lexicon=lexicon)
    if args.json:
        ids = symbol_ids(encoded.symbols, frontend.symbols)
        answer = {
            "normalized": encoded.normalized,
            "symbols": encoded.symbols,
            "ids": ids,
        }
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print(encoded.normalized)
        print(" ".join("␣" if symbol == " " else symbol for symbol in encoded.symbols))
    for warning in encoded.warnings:
        print(f"tacotron: {warning}", file=sys.stderr)
