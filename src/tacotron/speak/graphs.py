"""ONNX graphs of a voice, run by ONNX Runtime on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from tacotron.errors import VoiceError
from tacotron.voice.bundle import Bundle

# What a graph is given at once, by the names of its inputs.
Given = Mapping[str, np.ndarray]

_FATAL = 4  # ONNX Runtime's log level: what goes wrong is raised, not printed as well

_watcher: ContextVar[Callable[[str, Given], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(tell: Callable[[str, Given], None]) -> Iterator[None]:
    """Within the block, ``tell`` is called with the part and what it is given whenever a graph
    runs in this thread."""
    before = _watcher.set(tell)
    try:
        yield
    finally:
        _watcher.reset(before)


class Graph:
    """One ONNX graph of a voice, called with named arrays."""

    def __init__(
        self,
        bundle: Bundle,
        part: str,
        *,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> None:
        """Load ``part``. Raises `VoiceError` where it isn't a graph with these names; None takes
        those that it has."""
        import onnxruntime

        self._part = part
        self._where = f"{part} of voice {bundle.path}"
        options = onnxruntime.SessionOptions()
        # One thread: a step is too small to share, and the result is the same on every machine
        # size. A server gets its parallelism from several utterances.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL
        data = bundle.read(part)
        try:
            self._session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions have no common base
            raise VoiceError(
                f"The {self._where} is no graph that can run: {_line(error)}"
            ) from error
        self._shapes = {node.name: node.shape for node in self._session.get_inputs()}
        found = list(self._shapes)
        if inputs is not None and sorted(found) != sorted(inputs):
            raise VoiceError(
                f"The {self._where} takes {', '.join(found)}, not {', '.join(inputs)}: "
                "export the voice again."
            )
        given = [node.name for node in self._session.get_outputs()]
        self._outputs = given if outputs is None else list(outputs)
        lacking = set(self._outputs) - set(given)
        if lacking:
            raise VoiceError(
                f"The {self._where} does not give {min(lacking)}: export the voice again."
            )

    @property
    def shapes(self) -> Mapping[str, Sequence[int | str | None]]:
        """The inputs' names and shapes; a size that is free is a name or None."""
        return self._shapes

    def __call__(self, inputs: Given) -> list[np.ndarray]:
        """Return the outputs in the order they were named. Raises `VoiceError` where it fails."""
        if tell := _watcher.get():
            tell(self._part, inputs)
        # Binding preallocated memory instead saves 5 % of a decoder step of 384 (0.45 ms).
        try:
            return self._session.run(self._outputs, inputs)
        except Exception as error:
            raise VoiceError(f"The {self._where} failed: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
