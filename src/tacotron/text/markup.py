"""What a text of the web or a notebook carries beside its words: Markdown, HTML, list bullets."""

import re

_ENTITIES = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&nbsp;": " ",
}
# All repetitions that could begin again at the next character are bounded, to stay linear.
_ENTITY = re.compile("|".join(_ENTITIES))
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>")
_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]{1,500}\)")
_FOOTNOTE = re.compile(r"(?<=[A-Za-z.,!?\"])\[[0-9]{1,3}\]")
_CODE_FENCE = re.compile(r"^ {0,3}(?:```|~~~).*$", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}([-*_=~])(?: ?\1){2,}+ *$", re.MULTILINE)
# A bullet or a heading begins a new sentence.
_LINE_FRONT = re.compile(r"(^|\n) {0,8}(?:[-*+] +|#{1,6} +|> ?)+")
_EMPHASIS_FRONT = re.compile(r"(?<![A-Za-z0-9])(?:[*_`]{1,3}|~~)(?=[^\s*_`~])")
_EMPHASIS_END = re.compile(r"(?<=[^\s*_`~])(?:[*_`]{1,3}|~~)(?![A-Za-z0-9*_`])")
_BLANKS = re.compile(r"[ \t]+")
_PARAGRAPH = re.compile(r"\n(?: ?\n)+")


def drop_markup(text: str) -> str:
    """Return the text on one line without markup; blank lines and list items end sentences."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: _ENTITIES[match[0]], text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "[" in text:
        text = _FOOTNOTE.sub("", _LINK.sub(r"\1", text))
    text = _CODE_FENCE.sub("", text)
    text = _RULE.sub("", text)
    text = _LINE_FRONT.sub(lambda match: ". " if match[1] else "", text)
    text = _EMPHASIS_END.sub("", _EMPHASIS_FRONT.sub("", text))
    text = _PARAGRAPH.sub(". ", _BLANKS.sub(" ", text.strip()))
    return " ".join(text.split())
