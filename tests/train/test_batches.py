"""Pieces and the order of batches: nothing lost, nothing over budget, resumable anywhere."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.data.batches import BatchOrder
from tacotron.data.pieces import pieces_of, repeat_rare

LENGTHS = st.lists(st.integers(1, 900), min_size=1, max_size=200)


def order(lengths: list[int], **changes: int) -> BatchOrder:
    fields = {"frame_budget": 4000, "frame_multiple": 96, "seed": 1} | changes
    return BatchOrder(lengths, **fields)


@given(LENGTHS, st.integers(0, 3))
def test_an_epoch_holds_every_piece_once_within_budget(lengths: list[int], epoch: int) -> None:
    batches = order(lengths).epoch(epoch)
    assert sorted(piece for batch in batches for piece in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = -(-max(lengths[piece] for piece in batch) // 96) * 96
        assert len(batch) == 1 or len(batch) * padded <= 4000


@given(LENGTHS, st.integers(0, 60))
def test_a_step_decides_its_batch(lengths: list[int], start: int) -> None:
    whole = list(islice(order(lengths), start + 5))
    assert list(islice(order(lengths, start=start), 5)) == whole[start:]


def test_processes_share_the_batches_of_one() -> None:
    lengths = list(range(100, 400, 3))
    alone = list(islice(order(lengths), 40))
    ranks = [order(lengths, rank=rank, world_size=2, start=3) for rank in range(2)]
    shared = [batch for pair in islice(zip(*ranks, strict=True), 10) for batch in pair]
    assert shared == alone[6:26]


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=60),
    st.integers(1, 100),
    st.integers(0, 2**32 - 1),
)
def test_pieces_speak_all_symbols_within_the_limit(
    durations: list[int], limit: int, seed: int
) -> None:
    symbols = np.random.default_rng(seed).choice(["AA1", "T", " ", "."], size=len(durations))
    pieces = pieces_of(3, list(symbols), np.array(durations, np.int32), limit)
    assert [n for piece in pieces for n in range(len(durations))[piece.symbols]] == list(
        range(len(durations))
    )
    starts = np.cumsum([0, *durations])
    for piece in pieces:
        assert piece.utterance == 3
        assert piece.durations.sum() == piece.frames.stop - piece.frames.start <= limit
        assert piece.frames.start == starts[piece.symbols.start]


def test_cuts_fall_behind_pauses() -> None:
    symbols = ["AA1", "T", ",", "AA1", "T", " ", "AA1"]
    pieces = pieces_of(0, symbols, np.full(7, 10, np.int32), 50)
    assert [piece.symbols for piece in pieces] == [slice(0, 3), slice(3, 7)]


def test_pieces_with_a_rare_symbol_come_more_often() -> None:
    symbols = [["T", "UW1"] * 500, ["B", "OY1"], ["T", "UW1"] * 200]
    symbols = [*symbols, *[["B", "UW1"]] * 9]
    pieces = [pieces_of(n, s, np.full(len(s), 2, np.int32), 9999)[0] for n, s in enumerate(symbols)]
    assert repeat_rare(pieces, symbols, 1) == pieces
    repeated = [piece.utterance for piece in repeat_rare(pieces, symbols, 3)]
    assert repeated == [0, 1, 1, 1, 2, *range(3, 12)]


def test_nothing_to_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        order([])
