"""List the voices there are, or show one and check its file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tacotron.errors import VoiceError

if TYPE_CHECKING:
    from tacotron.voice import Bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "voice", nargs="?", metavar="NAME|FILE", help="show this one, and verify its file"
    )
    parser.add_argument("--json", action="store_true", help="print data instead of a table")


def run(args: argparse.Namespace) -> None:
    if args.voice is None:
        _list(as_json=args.json)
    else:
        _show(args.voice, as_json=args.json)


def _list(*, as_json: bool) -> None:
    from tacotron.voice import DEFAULT_VOICE, Bundle, find_voices, voice_folders

    rows = []
    for name, path in find_voices().items():
        try:
            rows.append(_summary(name, Bundle.open(path)))
        except VoiceError as error:  # one broken file must not hide the others
            print(f"tacotron: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        default = " (default)" if row["name"] == DEFAULT_VOICE else ""
        speakers = f"{len(row['speakers'])} speaker{'s' if len(row['speakers']) > 1 else ''}"
        size = f"{row['bytes'] / 1e6:.1f} MB"
        columns = (row["name"] + default, row["language"], speakers, size, row["license"])
        print("  ".join(columns), row["file"], sep="\n  ")
    if not rows:
        print("There is no voice. A .voice file is found in:")
        print(*(f"  {folder}" for folder in voice_folders()), sep="\n")


def _show(voice: str, *, as_json: bool) -> None:
    from tacotron.voice import Bundle, locate
    from tacotron.voice.bundle import MODEL_CARD

    path = locate(voice)
    bundle = Bundle.open(path)
    bundle.verify()
    if as_json:
        manifest = json.loads(bundle.manifest.to_json())
        print(json.dumps(_summary(path.stem, bundle) | manifest, ensure_ascii=False, indent=1))
        return
    summary = _summary(path.stem, bundle)
    manifest = bundle.manifest
    for label, value in (
        ("name", manifest.name),
        ("file", f"{path} ({summary['bytes'] / 1e6:.1f} MB, every part as it was written)"),
        ("kind", manifest.kind),
        ("language", f"{manifest.language}, read by the {manifest.frontend} front end"),
        ("speakers", ", ".join(manifest.speakers)),
        ("license", manifest.license),
        ("mel", f"{manifest.convention.name}, {manifest.convention.sample_rate} Hz"),
        *((name, json.dumps(value)) for name, value in manifest.metrics.items()),
    ):
        print(f"{label:12}{value}")
    if MODEL_CARD in bundle:
        print("\n" + bundle.read_text(MODEL_CARD).strip())


def _summary(name: str, bundle: Bundle) -> dict[str, Any]:
    manifest = bundle.manifest
    return {
        "name": name,
        "file": str(bundle.path),
        "bytes": Path(bundle.path).stat().st_size,
        "kind": manifest.kind,
        "language": manifest.language,
        "speakers": list(manifest.speakers),
        "license": manifest.license,
    }
