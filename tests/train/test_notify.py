"""News of a run arrives at a webhook, and nothing that the webhook does stops a training."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from tacotron.cli.main import main
from tacotron.errors import TrainingError
from tacotron.train import module, notify
from tacotron.train.checkpoints import latest_checkpoint
from tacotron.train.notify import Messenger
from tacotron.train.recipe import Recipe, read_recipe
from tacotron.train.run import train

SMALL = {"encoder_size": 16, "prenet_size": 8, "decoder_size": 16, "postnet_size": 16}


class Hook(ThreadingHTTPServer):
    """A webhook on this machine: keeps the JSON it is sent, and answers with `status`."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.status = 200
        self.delay = 0.0
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def texts(self) -> list[str]:
        return [message["message"] for message in self.heard]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.delay)
        if self.path == "/hook":
            self.server.heard.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def recipe(**changes: object) -> Recipe:
    training = {
        "updates": 4,
        "frames_per_batch": 1500,
        "validate_every": 4,
        "checkpoint_every": 2,
        "listen_to": 1,
        "sentences": ["one two"],
    }
    return replace(read_recipe("tacotron", training | changes), model=SMALL)


def test_a_run_tells_of_itself(hook: Hook, corpus_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "mine"
    train(recipe(updates=3), corpus_folder, run, notify=[hook.address])
    assert {message["title"] for message in hook.heard} == {"tacotron: mine"}
    begin, first, last, end = hook.texts()
    assert begin == "It begins, 3 updates. Recipe tacotron, corpus hummed."
    assert first.startswith("Checkpoint of update 2 of 3, loss ")
    assert last.startswith("Checkpoint of update 3 of 3, loss ")
    assert end.startswith("It ended after update 3 of 3, loss ")
    hook.heard.clear()
    train(recipe(updates=4), corpus_folder, run, notify=[hook.address])
    assert hook.texts()[0] == "It goes on at update 3 of 4. Recipe tacotron, corpus hummed."


class _Poisoned(module.TrainingModule):
    """Its loss explodes at update 2, and at every try where `again`."""

    again = False

    def training_step(self, batch: object, batch_idx: int) -> torch.Tensor:
        loss = super().training_step(batch, batch_idx)
        if self.global_step >= 2 and (self.again or self.rate_scale == 1.0):
            self.log("train/loss", loss.detach() * float("nan"))
            return loss * float("nan")
        return loss


def test_explosions_are_told(
    hook: Hook, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tacotron.train.run.TrainingModule", _Poisoned)
    train(recipe(), corpus_folder, tmp_path / "run", notify=[hook.address])
    told = [text for text in hook.texts() if "exploded" in text]
    assert told == [
        "Update 3 of 4: the loss exploded, loss nan; rolled back, "
        "learning rate times 0.5 from here on."
    ]


def test_a_run_that_gives_up_says_why(
    hook: Hook, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tacotron.train.run.TrainingModule", _Poisoned)
    monkeypatch.setattr(_Poisoned, "again", True)
    with pytest.raises(TrainingError, match="exploded 9 times"):
        train(
            recipe(updates=20, validate_every=20),
            corpus_folder,
            tmp_path / "run",
            notify=[hook.address],
        )
    assert hook.texts()[-1].startswith("It stopped at update 10 of 20: The loss exploded 9 times")


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_hook_that_fails_is_told_of_once(
    hook: Hook, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    hook.status = status
    messenger = Messenger([hook.address], "x")
    for number in range(3):
        messenger.send(str(number))
    messenger.close()
    assert len(hook.heard) == 3
    assert capfd.readouterr().err == (
        "tacotron: a notification did not arrive; training goes on.\n"
    )


def test_a_hook_that_is_not_there_stops_nothing(
    corpus_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Hook() as gone:
        address = gone.address
    train(recipe(updates=2), corpus_folder, tmp_path / "run", notify=[address])
    assert latest_checkpoint(tmp_path / "run")[1] == 2
    assert "did not arrive" in capfd.readouterr().err


def test_a_slow_hook_holds_nothing_up(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "LAST_WAIT", 0.1)
    hook.delay = 1.0
    messenger = Messenger([hook.address], "slow")
    begun = time.monotonic()
    for number in range(50):
        messenger.send(str(number))
    messenger.close()
    # Fifty answers of a second each were not waited for.
    assert time.monotonic() - begun < 10


def test_several_hooks_hear_the_same(hook: Hook) -> None:
    with Hook() as gone:
        pass
    messenger = Messenger([gone.address, hook.address], "two")
    messenger.send("hello")
    messenger.close()
    assert hook.texts() == ["hello"]


@pytest.mark.parametrize("address", ["nonsense", "nosuchservice://secret", "http://", ""])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(TrainingError, match="Can't notify") as caught:
        Messenger([address], "x")
    assert "secret" not in str(caught.value)


def test_the_command_takes_it_from_the_environment(
    hook: Hook,
    corpus_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, sentences = tmp_path / "small.toml", tmp_path / "mine.txt"
    lines = [f"{key} = {value}" for key, value in SMALL.items()]
    settings = "frames_per_batch = 1500\nvalidate_every = 2\nlisten_to = 1"
    file.write_text("\n".join(["[model]", *lines, "[training]", settings]))
    sentences.write_text("Three four.\n")
    monkeypatch.setenv(notify.ADDRESSES_VARIABLE, hook.address)
    arguments = ["train", str(file), "--corpus", str(corpus_folder), "--updates", "2"]
    arguments += ["--sentences", str(sentences), "--run", str(tmp_path / "run")]
    assert main(arguments) == 0
    assert hook.texts()[0].startswith("It begins, 2 updates. Recipe small")
    kept = (tmp_path / "run" / "run.json").read_text()
    assert "Three four." in kept
    assert "127.0.0.1" not in kept
