import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.data.split import Heldout, heldout_prompts, prompt_key
from tacotron.errors import CorpusError

PROMPTS = [f"Prompt number {n} of many" for n in range(5000)]


@pytest.mark.parametrize(
    ("prompts", "count"),
    [(1, 0), (10, 0), (12, 1), (100, 8), (400, 8), (1000, 20), (3200, 64), (5000, 64)],
)
def test_default_count(prompts, count):
    assert len(heldout_prompts(PROMPTS[:prompts])) == count


def test_takes_share_a_key():
    assert prompt_key("Well -- it's HERE!") == prompt_key("well, it's here.")
    assert prompt_key("Yes.") != prompt_key("No.")


@given(st.permutations(PROMPTS[:150]))
def test_order_and_repetition_play_no_part(prompts):
    assert heldout_prompts(prompts + prompts[:40]) == heldout_prompts(PROMPTS[:150])


def test_most_prompts_keep_their_side_when_a_corpus_grows():
    before, after = heldout_prompts(PROMPTS[:3000]), heldout_prompts(PROMPTS[:3100])
    known = {prompt_key(prompt) for prompt in PROMPTS[:3000]}
    assert len((after & known) - before) <= 2


@pytest.mark.parametrize(
    ("value", "count"), [("0.1", 500), ("64", 64), ("0", 0), ("1", 1), ("9999", 2500)]
)
def test_parse(value, count):
    assert len(heldout_prompts(PROMPTS, Heldout.parse(value))) == count


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "nan", "inf"])
def test_parse_refuses(value):
    with pytest.raises(CorpusError, match="can't be held out"):
        Heldout.parse(value)
