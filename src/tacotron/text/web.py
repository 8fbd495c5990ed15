"""Addresses and names of the web and of files, as one reads them out: "www dot example dot com"."""

import re

from tacotron.text.acronyms import read_name, spell
from tacotron.text.context import word_set

# Top-level domains by which a bare "example.com" is known for an address.
_DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|biz|io|co|ai|app|dev|me|tv|fm|ly|gg|xyz|tech|online|site"
    "|store|shop|blog|cloud|museum|uk|us|ca|au|nz|de|fr|es|it|nl|be|ch|at|se|no|fi|dk|pl|ie|eu"
    "|jp|cn|in|br|ru|za|kr|mx"
)
# Endings by which a file's name is known.
_FILES = (
    "txt|pdf|docx?|xlsx?|pptx?|csv|tsv|json|jsonl|xml|ya?ml|toml|ini|cfg|log|md|rst|tex|html?|css"
    "|js|ts|jsx|tsx|py|ipynb|cc|cpp|hpp|cs|java|kt|go|rs|rb|php|sh|bat|sql|exe|dll|so|zip|tar"
    "|gz|bz2|xz|7z|rar|iso|png|jpe?g|gif|bmp|svg|webp|ico|mp3|mp4|wav|flac|ogg|avi|mov|mkv|onnx"
    "|npy|npz|pt|ckpt"
)
# Parts of addresses that are said as words though they look like letters, and the reverse.
_SAID = {"com": "com", "co": "co", "www": "W W W", "jpeg": "J peg", "txt": "text", "io": "I O"}
_SPELLED = word_set(
    "edu uk us ca au nz de fr es it nl be ch at se no fi dk pl ie eu jp cn in br ru za kr mx ai tv"
    " fm ly gg pdf csv tsv xml html htm css js ts py rb rs php sql exe dll png jpg svg mp avi mov"
    " mkv iso md rst cc cpp cs kt sh npy npz pt http https ftp usr"
)
_SIGNS = {
    ".": "dot",
    "/": "slash",
    "\\": "backslash",
    "-": "dash",
    "_": "underscore",
    ":": "colon",
    "?": "question mark",
    "&": "and",
    "=": "equals",
    "#": "hash",
    "+": "plus",
    "%": "percent",
    "~": "tilde",
    "@": "at",
}

_LABEL = "[A-Za-z0-9-]{1,63}+"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{{1,64}}+@(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}\b"
)
_URL = re.compile(
    rf"\b(?:(?i:https?|ftp)://|www\.(?=[A-Za-z0-9]))[^\s<>\"(){{}}]{{1,2000}}"
    rf"|(?<![A-Za-z0-9.@-])(?:{_LABEL}\.){{1,8}}(?![A-Z][a-z])(?i:{_DOMAINS})\b(?![A-Za-z0-9-]|\.[A-Za-z0-9])"
    rf"(?::[0-9]{{2,5}}\b)?(?:[/?#][^\s<>\"(){{}}]{{0,2000}})?"
)
_FILE = re.compile(
    rf"(?<![A-Za-z0-9.@_-])[A-Za-z0-9_-]{{1,100}}+(?:\.[A-Za-z0-9_-]{{1,32}}){{0,3}}"
    rf"\.(?i:{_FILES})\b(?![A-Za-z0-9-]|\.[A-Za-z0-9])"
)
_PATH = re.compile(
    r"(?<![A-Za-z0-9.:/\\<])(?:[A-Za-z]:\\|~?/(?=[A-Za-z.])|\.{1,2}/)[A-Za-z0-9._~/\\-]{1,400}"
)
# A name inside words ("obj.method", ".bashrc"), but not a stop whose space was forgotten.
_INNER_DOT = re.compile(
    r"(?<=[a-z0-9_)])\.(?=[a-z_]{2})|(?<=[a-z0-9_]{2})\.(?=[ch]\b(?!\.))"
    r"|(?<![^ ])\.(?=[a-z]{2}|NET\b)"
)
_HANDLE = re.compile(r"(?<![A-Za-z0-9_.])@(?=[A-Za-z0-9_])([A-Za-z0-9_]{1,50})")
_HASHTAG = re.compile(r"(?<![A-Za-z0-9_&#])#([A-Za-z_][A-Za-z0-9_]{0,100})")
_LANGUAGE = re.compile(r"\b([A-Z])(\+\+|#)(?![A-Za-z0-9+#])")
_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]")
# What ends a sentence rather than an address.
_TRAILING = ".,;:!?'*_-"


def _read_piece(piece: str) -> str:
    lower = piece.lower()
    if len(piece) == 1:
        return spell(piece)
    if lower in _SAID:
        return _SAID[lower]
    if lower in _SPELLED:
        return " ".join(piece.upper())
    return read_name(piece)


def _read_address(address: str) -> str:
    """Return an address or a file's name sign by sign and word by word."""
    words = []
    for piece in _PIECE.findall(address):
        if piece.isdigit():
            words.append(piece)
        elif piece.isalpha():
            words.append(_read_piece(piece))
        elif piece in _SIGNS:
            words.append(_SIGNS[piece])
    return " ".join(words)


def _replace_address(match: re.Match[str]) -> str:
    address = match[0]
    core = address.rstrip(_TRAILING)
    ending = address[len(core) :]
    core = _ESCAPED.sub(" ", re.sub("^[A-Za-z]+://", "", core)).rstrip("/")
    return _read_address(core) + ending


def _replace_handle(match: re.Match[str]) -> str:
    return f"at {_read_address(match[1])}"


def _replace_hashtag(match: re.Match[str]) -> str:
    return f"hashtag {_read_address(match[1].replace('_', ' '))}"


def _replace_language(match: re.Match[str]) -> str:
    return f"{match[1]} {'sharp' if match[2] == '#' else 'plus plus'}"


def read_web(text: str) -> str:
    """Replace e-mail and web addresses, file names and paths, handles and hashtags."""
    if "@" in text:
        text = _EMAIL.sub(_replace_address, text)
    if "/" in text or "\\" in text:
        text = _PATH.sub(_replace_address, text)
    if "." in text or "://" in text:
        text = _URL.sub(_replace_address, text)
        text = _FILE.sub(_replace_address, text)
    if "@" in text:
        text = _HANDLE.sub(_replace_handle, text)
    if "#" in text or "++" in text:
        text = _LANGUAGE.sub(_replace_language, text)
        text = _HASHTAG.sub(_replace_hashtag, text)
    return _INNER_DOT.sub(" dot ", text)
