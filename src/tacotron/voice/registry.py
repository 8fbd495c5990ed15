"""Which voices there are, and where: those that ship, and those in the user's own folders.

A voice's name is its file's name without ``.voice``. A name is looked up among the files that are
there, never joined to a path, so that a name from a web request can't reach other files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tacotron.errors import VoiceError

DEFAULT_VOICE = "heart"
SUFFIX = ".voice"
SHIPPED = Path(__file__).parent.parent / "voices"
FOLDERS_VARIABLE = "TACOTRON_VOICES"


def voice_folders() -> list[Path]:
    """Return the folders where voices are looked for, the first to be heeded first.

    Those named by the environment variable TACOTRON_VOICES (parted as in PATH), then
    ``~/.local/share/tacotron/voices`` (under XDG_DATA_HOME where that is set), then the package's.
    """
    named = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    data = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
    own = [Path(folder).expanduser() for folder in named if folder]
    return [*own, data / "tacotron" / "voices", SHIPPED]


def find_voices() -> dict[str, Path]:
    """Return the voices there are, name -> file, sorted; an earlier folder's hides a later one's.

    Folders that don't exist or may not be read hold no voices.
    """
    found: dict[str, Path] = {}
    for folder in voice_folders():
        try:
            files = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
        except OSError:
            continue
        for path in files:
            # Hidden files are what an interrupted download or a file manager leaves.
            if path.is_file() and not path.name.startswith("."):
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def locate(voice: str | Path | None = None) -> Path:
    """Return the file of ``voice``: a name, a path, or None for the default voice.

    A `Path`, or a text with a path separator or the suffix ``.voice``, is a path; anything else is
    a name. Raises `VoiceError` where there is none of that name (`Bundle.open` tells of paths).
    """
    if voice is not None and is_path(voice):
        return Path(voice).expanduser()
    return locate_name(DEFAULT_VOICE if voice is None else str(voice))


def is_path(voice: str | Path) -> bool:
    """Tell whether ``voice`` is meant as a file's path rather than a voice's name."""
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    return isinstance(voice, Path) or voice.endswith(SUFFIX) or any(s in voice for s in separators)


def locate_name(name: str) -> Path:
    """Return the file of the voice called ``name``, never a path: safe for names from outside.

    Raises `VoiceError` where there is no such voice.
    """
    voices = find_voices()
    if name not in voices:
        raise VoiceError(f"There is no voice {name!r:.80}{_advice(name, voices)}.")
    return voices[name]


def _advice(name: str, voices: Iterable[str]) -> str:
    from difflib import get_close_matches  # only needed to fail

    names = list(voices)
    close = get_close_matches(name, names, n=1)
    if close:
        return f": did you mean {close[0]!r}"
    if names:
        return f": choose {', '.join(names[:8])}, or give the path of a {SUFFIX} file"
    return f", nor any other: give the path of a {SUFFIX} file"
