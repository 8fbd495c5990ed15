import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.data.readers import read_listing
from tacotron.errors import CorpusError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "wavs").mkdir()
    for name in ("a.wav", "b.flac", "c.ogg"):
        (tmp_path / "wavs" / name).write_bytes(b"sound")
    return tmp_path


def write(folder, content, name="metadata.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(data)
    return folder / name


def test_ljspeech_layout_of_three_columns_prefers_the_raw_text(folder):
    write(folder, "a|It cost $5.|It cost five dollars.\nb||only normalized\nc|only raw|\n")
    listing = read_listing(folder)
    assert [entry.id for entry in listing.entries] == ["a", "b", "c"]
    assert [entry.text for entry in listing.entries] == [
        "It cost $5.",
        "only normalized",
        "only raw",
    ]
    assert [entry.audio.rpartition("wavs")[2][1:] for entry in listing.entries] == [
        "a.wav",
        "b.flac",
        "c.ogg",
    ]
    assert listing.layout == "LJSpeech layout (id|text|normalized text)"


def test_ljspeech_layout_of_two_columns(folder):
    write(folder, "a|One.\nb|Two.\n")
    listing = read_listing(folder)
    assert listing.layout == "LJSpeech layout (id|text)"
    assert [(entry.id, entry.text) for entry in listing.entries] == [("a", "One."), ("b", "Two.")]


def test_recurring_second_column_names_speakers(folder):
    names = ["anna", "ben"]
    lines = [f"{'abc'[n % 3]}|{names[n % 2]}|Sentence number {n}.\n" for n in range(8)]
    write(folder, "".join(lines))
    listing = read_listing(folder)
    assert listing.layout == "LJSpeech layout (id|speaker|text)"
    assert {entry.speaker for entry in listing.entries} == {"anna", "ben"}
    assert listing.entries[5].text == "Sentence number 5."


def test_takes_of_few_prompts_are_not_mistaken_for_speakers(folder):
    write(folder, "a|Yes.|Yes.\nb|Yes.|Yes.\nc|No.|No.\n")
    assert {entry.speaker for entry in read_listing(folder).entries} == {""}


@pytest.mark.parametrize("suffix", [".txt", ".csv"])
def test_list_of_paths_with_and_without_speakers(folder, suffix):
    list_file = write(folder, "wavs/a.wav|One.\nwavs/b.flac|anna|Two.\n", "train" + suffix)
    for source in (list_file, folder):
        listing = read_listing(source)
        assert listing.layout == "list (path|speaker|text)"
        assert [(entry.speaker, entry.text) for entry in listing.entries] == [
            ("", "One."),
            ("anna", "Two."),
        ]
        assert listing.entries[0].id == "wavs/a.wav"


def test_list_made_on_windows(folder):
    source = write(folder, "wavs\\a.wav|One.\r\nwavs\\b.flac|Two.\r\n", "train.txt")
    assert [entry.audio for entry in read_listing(source).entries] == [
        str(folder / "wavs" / "a.wav"),
        str(folder / "wavs" / "b.flac"),
    ]


def test_json_lines(folder):
    lines = [
        {"audio": "wavs/a.wav", "text": "One."},
        {"audio": str(folder / "wavs" / "b.flac"), "text": "Two.", "speaker": 7, "id": "second"},
    ]
    write(folder, "\n".join(map(json.dumps, lines)), "manifest.jsonl")
    first, second = read_listing(folder).entries
    assert (first.id, first.speaker) == ("wavs/a.wav", "")
    assert (second.id, second.speaker, second.text) == ("second", "7", "Two.")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{not json", "line 2 is not JSON"),
        ("[1]", "line 2 is not a JSON object"),
        ('{"text": "x"}', 'line 2 has no "audio"'),
        ('{"audio": "wavs/a.wav"}', 'line 2 has no "text"'),
        ('{"audio": 3, "text": "x"}', 'line 2 has no "audio"'),
        ("[" * 100_000, "line 2 is not JSON"),
    ],
)
def test_bad_json_lines_are_kept_with_their_problem(folder, line, problem):
    write(folder, '{"audio": "wavs/a.wav", "text": "One."}\n' + line, "manifest.jsonl")
    good, bad = read_listing(folder).entries
    assert not good.problem
    assert bad.problem == problem


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("cp1252"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\n\n  \n").encode(),
    ],
    ids=["bom", "utf-16", "windows-1252", "crlf", "blank lines"],
)
def test_encodings_and_line_ends(folder, encode):
    write(folder, encode("a|Café “one”.\nb|Two.\n"))
    listing = read_listing(folder)
    assert [entry.text for entry in listing.entries] == ["Café “one”.", "Two."]
    assert [entry.id for entry in listing.entries] == ["a", "b"]


def test_other_encodings_are_noted(folder):
    write(folder, "a|Café.\n".encode("cp1252"))
    assert read_listing(folder).notes == (
        "metadata.csv is not UTF-8; it was read as Windows-1252.",
    )


def test_unicode_line_separators_do_not_break_lines(folder):
    write(folder, "a|One\u2028two\x85three.\n")
    assert len(read_listing(folder).entries) == 1


def test_column_names_are_passed_over(folder):
    write(folder, "id|text\na|One.\n")
    listing = read_listing(folder)
    assert [entry.id for entry in listing.entries] == ["a"]
    assert "names the columns" in listing.notes[0]


def test_wrong_column_counts_are_kept_with_their_problem(folder):
    write(folder, "a|One.\nb\nc|x|y|z\n")
    _, lone, four = read_listing(folder).entries
    assert lone.problem == "line 2 has 1 column where 2 or 3 belong"
    assert four.problem == "line 3 has 4 columns where 2 or 3 belong"


def test_duplicate_ids_get_ids_of_their_own(folder):
    write(folder, "a|One.\na|One.\na|Another.\na#2|Odd.\n")
    entries = read_listing(folder).entries
    assert len({entry.id for entry in entries}) == 4
    assert entries[1].problem == "listed twice: line 1 is the same"
    assert not entries[2].problem
    assert entries[2].flags == ("duplicate id: line 1 has 'a' too",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"only words here\n", "1 columns"),
        (b"a\0b|text\n", "no text in UTF-8"),
        (b"x|One.\ny|Two.\n", "None of the 2 recordings"),
        (b'{"text": 1}\n', "no usable line"),
    ],
)
def test_useless_lists_are_one_sentence(folder, content, sentence):
    write(folder, content)
    with pytest.raises(CorpusError, match=sentence) as caught:
        read_listing(folder)
    assert "\n" not in str(caught.value)


def test_folders_that_are_no_corpus(tmp_path):
    with pytest.raises(CorpusError, match="has no list"):
        read_listing(tmp_path)
    with pytest.raises(CorpusError, match="does not exist"):
        read_listing(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("nothing of the kind")
    with pytest.raises(CorpusError, match="has no list"):
        read_listing(tmp_path)
    (tmp_path / "one.txt").write_text("a.wav|x")
    (tmp_path / "two.txt").write_text("a.wav|x")
    with pytest.raises(CorpusError, match=r"several lists \(one.txt, two.txt\)"):
        read_listing(tmp_path)
    (tmp_path / "corpus.json").write_text("{}")
    with pytest.raises(CorpusError, match="prepared already"):
        read_listing(tmp_path)


@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="|\r\n\0", exclude_categories=["Cs"])),
            min_size=1,
            max_size=5,
        ),
        max_size=12,
    )
)
def test_no_line_is_lost(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("lines")
    (folder / "a.wav").write_bytes(b"sound")
    lines = [line for line in map("|".join, rows) if line.strip()]
    write(folder, "\n".join(["a|First.", *lines]))
    listing = read_listing(folder)
    assert len(listing.entries) == 1 + len(lines)
    assert len({entry.id for entry in listing.entries}) == 1 + len(lines)
