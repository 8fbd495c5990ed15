import pytest

from tacotron.cli.main import main


def test_prepare_prints_counts_that_add_up(make_corpus, tmp_path, capsys):
    folder, out = make_corpus(), tmp_path / "out"
    with (folder / "metadata.csv").open("a", encoding="utf-8") as file:
        file.write("missing|Not there.\n")
    arguments = ["prepare", str(folder), str(out), "--speaker", "Ann", "--heldout", "2"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "9 utterances listed = 8 prepared + 1 excluded" in printed.out
    assert "excluded      1  unreadable" in printed.out
    assert "2 utterances of 2 prompts held out" in printed.out
    assert printed.err == ""  # a progress bar is for terminals
    assert (out / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "out"], "nowhere does not exist"),
        (["corpus", "out", "--convention", "nvidja"], "no mel convention 'nvidja'"),
        (["corpus", "out", "--frontend", "latin"], "no text front end 'latin'"),
        (["corpus", "out", "--heldout", "half"], "can't be held out"),
        (["corpus", "out", "--lexicon", "nowhere"], "lexicon nowhere"),
        (["corpus", "out", "--workers", "0"], "workers"),
        (["corpus", "out", "--level", "5"], "level"),
    ],
)
def test_mistakes_are_one_line(make_corpus, tmp_path, monkeypatch, capsys, arguments, sentence):
    make_corpus(2)
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert sentence in printed.err
    assert not (tmp_path / "out" / "corpus.json").exists()
