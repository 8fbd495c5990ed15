"""A mel file, written a piece at a time, is an ordinary .npy file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tacotron.speak.mel_file import mel_writer


@pytest.mark.parametrize("pieces", [[], [1], [5, 7], [3] * 5000])
def test_pieces_make_one_array(tmp_path: Path, pieces: list[int]) -> None:
    rng = np.random.default_rng(0)
    mels = [rng.standard_normal((frames, 4), np.float32) for frames in pieces]
    path = tmp_path / "mel.npy"
    with mel_writer(path, 4) as writer:
        for mel in mels:
            writer.write(mel)
    written = np.load(path, allow_pickle=False)
    assert written.dtype == np.float32
    np.testing.assert_array_equal(written, np.concatenate([np.empty((0, 4)), *mels]))


def test_nothing_stays_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frames"), mel_writer(tmp_path / "m.npy", 4) as writer:
        writer.write(np.array(["no frames"]))
    assert not list(tmp_path.iterdir())
