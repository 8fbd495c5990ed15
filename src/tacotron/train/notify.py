"""News of a run where people read it: its start, checkpoints, explosions and end, to webhooks.

Apprise knows the addresses of Slack, Discord, Matrix, e-mail and a hundred others
(https://github.com/caronc/apprise); any other http address gets JSON with a title and a message.
Nothing here can stop or hold up a training: messages wait in a thread of their own, and one that
does not arrive is told once on standard error.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import warnings
from collections.abc import Sequence

import lightning as L

from tacotron.errors import TrainingError
from tacotron.train.guard import ExplosionGuard

# Environment variable with addresses parted by white space: an address is often a secret.
ADDRESSES_VARIABLE = "TACOTRON_NOTIFY"
# How long the end of a run waits for what is still to be sent.
LAST_WAIT = 15.0  # seconds
_GENERIC = {"http://": "json://", "https://": "jsons://"}


class Messenger:
    """Sends messages to webhooks, one after another, in the background."""

    def __init__(self, addresses: Sequence[str], title: str):
        """Raises `TrainingError` for an address that is none; it is not shown whole."""
        import apprise

        # Its own complaints name addresses whole.
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        self.title = title
        self._hooks = apprise.Apprise()
        for address in addresses:
            if not self._add(address) and not self._add(_generic(address)):
                raise TrainingError(
                    f"Can't notify {_without_secret(address)!r}: give an address as Apprise has "
                    "it, such as slack://..., or https://... for JSON."
                )
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._failed = False
        self._thread = threading.Thread(target=self._send_all, daemon=True)
        self._thread.start()

    def send(self, text: str) -> None:
        """Put ``text`` on its way; returns at once."""
        self._waiting.put(text)

    def close(self) -> None:
        """Wait until all is sent, but no longer than `LAST_WAIT`."""
        self._waiting.put(None)
        self._thread.join(LAST_WAIT)

    def _add(self, address: str) -> bool:
        with warnings.catch_warnings():
            # It loads its code for every service, some of which is deprecated by Python.
            warnings.simplefilter("ignore", DeprecationWarning)
            return bool(address) and self._hooks.add(address)

    def _send_all(self) -> None:
        while (text := self._waiting.get()) is not None:
            try:
                arrived = self._hooks.notify(body=text, title=self.title)
            except Exception:  # whatever a service's code raises must not end the thread
                arrived = False
            if not arrived and not self._failed:
                print("tacotron: a notification did not arrive; training goes on.", file=sys.stderr)
            self._failed = not arrived


class Notifier(L.Callback):
    """Tells ``messenger`` of a run's start, checkpoints, explosions and end."""

    def __init__(self, messenger: Messenger, beginning: str):
        """``beginning`` is a sentence on what begins."""
        self.messenger = messenger
        self.beginning = beginning
        self._saved: int | None = None  # update of a checkpoint that was not told of yet
        self._rollbacks = 0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._rollbacks = _rollbacks(trainer)
        if trainer.global_step:
            self.messenger.send(f"It goes on at update {_place(trainer)}. {self.beginning}")
        else:
            self.messenger.send(f"It begins, {trainer.max_steps} updates. {self.beginning}")

    def on_save_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict
    ) -> None:
        self._saved = trainer.global_step  # it is about to be written

    def on_train_batch_start(self, trainer: L.Trainer, *_: object) -> None:
        self._tell_of_checkpoint(trainer)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *_: object
    ) -> None:
        rollbacks = _rollbacks(trainer)
        if rollbacks > self._rollbacks:
            self._rollbacks = rollbacks
            self.messenger.send(
                f"Update {_place(trainer)}: the loss exploded{_loss(trainer)}; rolled back, "
                f"learning rate times {pl_module.rate_scale:g} from here on."
            )

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._tell_of_checkpoint(trainer)
        self.messenger.send(f"It ended after update {_place(trainer)}{_loss(trainer)}.")
        self.messenger.close()

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        reason = str(exception) or type(exception).__name__
        self.messenger.send(f"It stopped at update {_place(trainer)}: {reason}")
        self.messenger.close()

    def _tell_of_checkpoint(self, trainer: L.Trainer) -> None:
        if self._saved is not None:
            of = trainer.max_steps
            self.messenger.send(f"Checkpoint of update {self._saved} of {of}{_loss(trainer)}.")
            self._saved = None


def _place(trainer: L.Trainer) -> str:
    return f"{trainer.global_step} of {trainer.max_steps}"


def _loss(trainer: L.Trainer) -> str:
    loss = trainer.callback_metrics.get("train/loss")
    return "" if loss is None else f", loss {float(loss):.3g}"


def _rollbacks(trainer: L.Trainer) -> int:
    return sum(c.rollbacks for c in trainer.callbacks if isinstance(c, ExplosionGuard))


def _generic(address: str) -> str:
    """A web address that no service is known for, as one that takes JSON."""
    for prefix, known in _GENERIC.items():
        if address.startswith(prefix):
            return known + address.removeprefix(prefix)
    return ""


def _without_secret(address: str) -> str:
    scheme, found, _ = address.partition("://")
    return f"{scheme}://..." if found else f"{address[:4]}..."
