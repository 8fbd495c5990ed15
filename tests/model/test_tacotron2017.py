"""The attentive Tacotron: padding counts nowhere, and speaking is what training taught."""

import io
import warnings
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tacotron.errors import TrainingError
from tacotron.model.attention import BahdanauAttention, Decoder, attention_bias
from tacotron.model.cbhg import CBHG, Highway, RealSteps, SameConvolution, pair_maximum
from tacotron.model.gru import BidirectionalGRU, TFGRUCell
from tacotron.model.layers import length_mask
from tacotron.model.tacotron2017 import Tacotron2017, Tacotron2017Config, position_features

CONFIG = Tacotron2017Config(
    n_symbols=12,
    n_mels=6,
    n_linear=9,
    reduction_factor=2,
    embedding_size=8,
    prenet_sizes=(8, 6),
    cbhg_size=6,
    encoder_bank=4,
    postnet_bank=3,
    postnet_projection=8,
    attention_size=7,
    decoder_size=5,
    position_size=4,
    bound_base=6,
    bound_per_symbol=3,
)
SURE = replace(CONFIG, prenet_dropout=0.0)  # without chance
LENGTHS, FRAMES = torch.tensor([5, 3]), torch.tensor([8, 6])


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def example(symbols: int = 5, frames: int = 8):
    """Ids, lengths, mels and frames of two utterances, padded to ``symbols`` and ``frames``."""
    chance = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 12, (2, 5), generator=chance) * (torch.arange(5) < LENGTHS[:, None])
    mels = torch.randn(2, 8, 6, generator=chance)
    ids = F.pad(ids, (0, symbols - 5), value=3)
    return ids, LENGTHS, F.pad(mels, (0, 0, 0, frames - 8), value=9.0), FRAMES


def real(output, b: int, r: int = 2):
    """What utterance ``b`` of an output holds within its length."""
    length, frames = int(LENGTHS[b]), int(FRAMES[b])
    return (
        output.mel[b, :frames],
        output.linear[b, :frames],
        output.alignments[b, : frames // r, :length],
        output.stop_logits[b, : frames // r],
    )


@pytest.mark.parametrize("recurrence", ["gru", "lstm"])
@pytest.mark.parametrize(("r", "speakers"), [(1, 1), (2, 3), (4, 1)])
def test_shapes(recurrence, r, speakers):
    config = replace(CONFIG, recurrence=recurrence, reduction_factor=r, n_speakers=speakers)
    output = Tacotron2017(config)(*example(), torch.tensor([0, speakers - 1]))
    assert output.mel.shape == (2, 8, 6)
    assert output.linear.shape == (2, 8, 9)
    assert output.alignments.shape == (2, 8 // r, 5)
    assert output.stop_logits.shape == (2, 8 // r)
    torch.testing.assert_close(output.alignments.sum(-1), torch.ones(2, 8 // r))
    assert (output.alignments[1, :, 3:] == 0).all()


def test_an_unknown_recurrence_is_refused():
    with pytest.raises(TrainingError, match="'rnn': it must be gru or lstm"):
        replace(CONFIG, recurrence="rnn")


@pytest.mark.parametrize("size", [3, 14])
def test_places_that_fit_no_memory_are_refused(size):
    with pytest.raises(TrainingError, match=f"position_size can't be {size}: .* at most .* 12"):
        replace(CONFIG, position_size=size)


def test_the_next_place_is_the_same_rotation_away_everywhere():
    places = position_features(50, 6, device=torch.device("cpu")).double()
    sines, cosines = places.chunk(2, -1)
    turn = torch.atan2(sines, cosines).diff(dim=0)
    turn = torch.remainder(turn, 2 * torch.pi)
    torch.testing.assert_close(turn, turn[:1].expand(49, -1), rtol=0, atol=1e-4)
    assert turn[0, 0] == pytest.approx(1.0, abs=1e-4)


def test_a_symbol_is_told_from_the_same_elsewhere_by_its_place():
    encoder = Tacotron2017(SURE).eval().encoder
    encoder.cbhg.recurrent.forward = lambda x, lengths: torch.zeros(*x.shape[:2], 12)
    memory = encoder(torch.tensor([[4, 4, 4]]), torch.tensor([2]))
    expected = F.pad(position_features(2, 4, device=torch.device("cpu")), (0, 8))
    torch.testing.assert_close(memory[0, :2], expected)
    assert (memory[0, 2] == 0).all()


def test_speakers_differ():
    model = Tacotron2017(replace(SURE, n_speakers=2)).eval()
    one, other = (model(*example(), torch.tensor([s, s])).mel for s in (0, 1))
    assert (one - other).abs().max() > 1e-3


@pytest.mark.parametrize("recurrence", ["gru", "lstm"])
def test_each_of_a_padded_batch_is_what_it_is_alone(recurrence):
    model = Tacotron2017(replace(CONFIG, recurrence=recurrence)).eval()
    ids, lengths, mels, frames = example(7, 10)
    together = model(ids, lengths, mels, frames)
    for b in range(2):
        length, count = int(lengths[b]), int(frames[b])
        alone = model(
            ids[b : b + 1, :length],
            lengths[b : b + 1],
            mels[b : b + 1, :count],
            frames[b : b + 1],
        )
        torch.testing.assert_close(
            real(together, b),
            (alone.mel[0], alone.linear[0], alone.alignments[0], alone.stop_logits[0]),
        )


def test_batch_statistics_and_gradients_ignore_padding():
    def train(symbols: int, frames: int):
        torch.manual_seed(3)
        model = Tacotron2017(SURE).double()
        ids, lengths, mels, counts = example(symbols, frames)
        output = model(ids, lengths, mels.double(), counts)
        values = [v for b in range(2) for v in real(output, b)]
        sum(v.square().sum() for v in values).backward()
        return values, [p.grad for p in model.parameters()], list(model.buffers())

    torch.testing.assert_close(train(5, 8), train(9, 14))


def test_a_row_of_padding_alone_harms_nothing():
    model = Tacotron2017(SURE)
    ids, lengths, mels, frames = example()
    filled = model(
        F.pad(ids, (0, 0, 0, 1)),
        F.pad(lengths, (0, 1)),
        F.pad(mels, (0, 0, 0, 0, 0, 1)),
        F.pad(frames, (0, 1)),
    )
    expected = model(ids, lengths, mels, frames)
    for b in range(2):
        torch.testing.assert_close(real(filled, b), real(expected, b))
    sum(v.square().sum() for b in range(2) for v in real(filled, b)).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_the_original_lets_padding_in():
    model = Tacotron2017(replace(SURE, mask_padding=False)).eval()
    tight, padded = model(*example()), model(*example(7, 10))
    assert (padded.alignments[0, :, 5:] > 0).all()
    assert (real(tight, 0)[0] - real(padded, 0)[0]).abs().max() > 1e-4


@pytest.mark.parametrize("stop_token", [True, False])
def test_steps_equal_teacher_forcing_and_so_do_their_gradients(stop_token):
    model = Tacotron2017(replace(SURE, stop_token=stop_token)).double()
    decoder: Decoder = model.decoder
    mels = torch.randn(2, 8, 6, dtype=torch.double)
    memory = torch.randn(2, 5, 12, dtype=torch.double, requires_grad=True)
    bias = attention_bias(length_mask(LENGTHS, 5)).double()
    at_once = decoder(mels, memory, bias)

    keys, state = decoder.attention.memory_layer(memory), decoder.first_state(memory)
    frame, steps = mels.new_zeros(2, 6), []
    for step in range(4):
        frames, weights, stop, state = decoder.step(frame, memory, keys, bias, state)
        steps.append((frames, weights, stop))
        frame = mels[:, 2 * step + 1]
    mel, weights, stop = zip(*steps, strict=True)
    one_by_one = (torch.cat(mel, 1), torch.stack(weights, 1))
    one_by_one += (torch.stack(stop, 1) if stop_token else None,)

    torch.testing.assert_close(at_once, one_by_one)
    weights = [torch.randn_like(part) for part in at_once if part is not None]
    inputs = [memory, *decoder.parameters()]

    def gradients(outputs):
        parts = [part for part in outputs if part is not None]
        total = sum((w * part).sum() for w, part in zip(weights, parts, strict=True))
        return torch.autograd.grad(total, inputs)

    torch.testing.assert_close(gradients(at_once), gradients(one_by_one))


def test_led_along_its_own_path_attention_says_the_same():
    decoder = Tacotron2017(SURE).double().decoder
    mels, memory = torch.randn(2, 8, 6).double(), torch.randn(2, 5, 12).double()
    bias = attention_bias(length_mask(LENGTHS, 5)).double()
    by_itself = decoder(mels, memory, bias)
    led = decoder(mels, memory, bias, by_itself[1])
    torch.testing.assert_close(led, by_itself)


def path_of(symbols: list[list[int]]) -> Tensor:
    return F.one_hot(torch.tensor(symbols), 5).double()


def test_led_frames_are_those_of_the_path_wherever_attention_looks():
    decoder = Tacotron2017(SURE).double().decoder
    mels, memory = torch.randn(2, 8, 6).double(), torch.randn(2, 5, 12).double()
    bias = attention_bias(length_mask(LENGTHS, 5)).double()
    path = path_of([[0, 1, 2, 4], [0, 0, 1, 2]])
    before = decoder(mels, memory, bias, path)
    with torch.no_grad():
        decoder.attention.score.normal_()
    after = decoder(mels, memory, bias, path)
    torch.testing.assert_close(after[0], before[0])
    assert (after[1] - before[1]).abs().max() > 1e-2
    other = decoder(mels, memory, bias, path_of([[0, 1, 3, 4], [0, 0, 1, 2]]))
    assert (other[0][0, 4:6] - after[0][0, 4:6]).abs().max() > 1e-3


def test_led_attention_has_the_derivative_of_its_function():
    decoder = Tacotron2017(SURE).double().decoder
    memory = torch.randn(2, 5, 12, dtype=torch.double, requires_grad=True)
    mels, bias = torch.randn(2, 8, 6).double(), attention_bias(length_mask(LENGTHS, 5)).double()
    path = path_of([[0, 1, 2, 4], [0, 0, 1, 2]])
    watched = [memory, *decoder.attention.parameters()]
    names = list(dict(decoder.attention.named_parameters()))

    def led(memory, *parameters):
        changed = dict(zip([f"attention.{name}" for name in names], parameters, strict=True))
        return torch.func.functional_call(decoder, changed, (mels, memory, bias, path))

    assert torch.autograd.gradcheck(led, watched)


def test_every_parameter_learns():
    model = Tacotron2017(replace(CONFIG, n_speakers=2))
    output = model(*example(), torch.tensor([0, 1]))
    total = output.linear.square().mean() + output.stop_logits.square().mean()
    (total + output.alignments[..., 0].log().mean()).backward()
    for name, parameter in model.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_half_precision_training_stays_close():
    model = Tacotron2017(SURE)
    full = model(*example())
    with torch.autocast("cpu", torch.bfloat16):
        half = model(*example())
    half.linear.square().mean().backward()
    assert {half.mel.dtype, half.linear.dtype, half.alignments.dtype} == {torch.float32}
    torch.testing.assert_close(half.mel, full.mel, rtol=0.05, atol=0.05)
    assert all(p.grad is None or p.grad.dtype == torch.float32 for p in model.parameters())


def test_speaking_is_without_chance_and_leaves_the_model_as_it_was():
    model = Tacotron2017(CONFIG).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    ids = torch.tensor([1, 2, 3])
    one, two = model.infer(ids), model.infer(ids)
    torch.testing.assert_close((one.mel, one.linear), (two.mel, two.linear), rtol=0, atol=0)
    assert model.training
    assert model.updates == 0
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    # In training there is chance: the same input gives another output.
    assert not torch.equal(model(*example()).mel, model(*example()).mel)
    assert model.updates == 2


def test_free_running_speech_is_teacher_forcing_on_itself():
    model = Tacotron2017(replace(CONFIG, stop_token=False)).eval()
    model.mel_mean.fill_(-5.0)
    model.mel_deviation.fill_(2.0)
    model.linear_mean.fill_(-1.0)
    model.linear_deviation.fill_(3.0)
    ids = torch.tensor([1, 2, 3, 4])
    speech = model.infer(ids, max_frames=10)
    standardized = (speech.mel[None] + 5) / 2
    output = model(ids[None], torch.tensor([4]), standardized, torch.tensor([10]))
    torch.testing.assert_close(output.mel, standardized)
    torch.testing.assert_close(output.linear[0] * 3 - 1, speech.linear)
    torch.testing.assert_close(output.alignments[0], speech.alignment)


@pytest.mark.parametrize(("logit", "frames", "hit"), [(20.0, 4, False), (-20.0, 16, True)])
def test_the_stop_token_ends_speech_or_else_the_bound(logit, frames, hit):
    model = Tacotron2017(CONFIG)
    with torch.no_grad():
        model.decoder.stop.weight.zero_()
        model.decoder.stop.bias.fill_(logit)
    speech = model.infer(torch.tensor([1, 2, 3]))
    assert speech.bound_hit is hit
    assert speech.mel.shape == (frames, 6)
    assert speech.linear.shape == (frames, 9)
    assert speech.alignment.shape == (frames // 2, 3)
    assert model.frame_bound(3) == 16  # 6 + 3 * 3, in pairs


def test_gru_resets_before_the_product():
    cell = TFGRUCell(3, 4)
    x, state = torch.randn(2, 3), torch.randn(2, 4)
    with torch.no_grad():
        cell.bias.normal_()
    (wr, wu, wc), (ur, uu, uc), (br, bu, bc) = cell.input_weight, cell.state_weight, cell.bias
    reset = torch.sigmoid(x @ wr.T + state @ ur.T + br)
    update = torch.sigmoid(x @ wu.T + state @ uu.T + bu)
    candidate = torch.tanh(x @ wc.T + (reset * state) @ uc.T + bc)
    torch.testing.assert_close(cell.step(x, state), update * state + (1 - update) * candidate)


def test_gru_over_time_equals_its_steps_and_so_do_their_gradients():
    cell = TFGRUCell(3, 4).double()
    x = torch.randn(6, 2, 3, dtype=torch.double, requires_grad=True)
    at_once = cell(x)
    state, steps = x.new_zeros(2, 4), []
    for frame in x:
        state = cell.step(frame, state)
        steps.append(state)
    one_by_one = torch.stack(steps)
    torch.testing.assert_close(at_once, one_by_one)
    weight = torch.randn_like(at_once)
    inputs = [x, *cell.parameters()]
    torch.testing.assert_close(
        torch.autograd.grad((at_once * weight).sum(), inputs),
        torch.autograd.grad((one_by_one * weight).sum(), inputs),
    )


def test_backward_direction_begins_where_the_sequence_ends():
    layer = BidirectionalGRU(3, 8)
    x = torch.randn(2, 5, 3)
    y = layer(x, torch.tensor([5, 3]))
    expected = layer.back(x[1:, :3].flip(1).transpose(0, 1)).transpose(0, 1).flip(1)
    torch.testing.assert_close(y[1:, :3, 4:], expected)


@pytest.mark.parametrize("kernel", [1, 2, 3, 8])
def test_convolution_pads_as_tensorflow_does(kernel):
    layer = SameConvolution(3, 4, kernel)
    x = torch.randn(2, 6, 3)
    padded = F.pad(x.transpose(1, 2), ((kernel - 1) // 2, kernel // 2))
    weight = layer.convolution.weight.squeeze(2)
    torch.testing.assert_close(layer(x), F.conv1d(padded, weight).transpose(1, 2))


def test_pooling_stays_within_sequences():
    x = torch.tensor([1.0, 3.0, 2.0, -5.0, -4.0, -9.0])[:, None]
    pooled = pair_maximum(x, torch.tensor([2, 5]))
    assert pooled[:, 0].tolist() == [3.0, 3.0, 2.0, -4.0, -4.0, -9.0]


def test_real_steps_pack_and_unpack():
    steps = RealSteps.of(torch.tensor([2, 3]), 2, 4, torch.device("cpu"))
    x = torch.arange(8.0).view(2, 4, 1)
    packed = steps.pack(x)
    assert packed[:, 0].tolist() == [0, 1, 4, 5, 6]
    assert packed[steps.ends, 0].tolist() == [1, 6]
    assert steps.unpack(packed)[..., 0].tolist() == [[0, 1, 0, 0], [4, 5, 6, 0]]


def test_cbhg_has_the_derivative_of_its_function():
    layer = CBHG(3, bank=3, projection=4, size=2).double()
    x = torch.randn(2, 5, 3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: layer(x, LENGTHS), [x])


def test_highways_begin_nearly_closed():
    layer = Highway(64)
    x = torch.randn(100, 64)
    gate = (layer(x) - x) / (F.relu(layer.linear(x)[:, :64]) - x)
    torch.testing.assert_close(gate.mean(), torch.tensor(-1.0).sigmoid(), rtol=0.2, atol=0)


def test_attention_weights_are_a_softmax_of_the_scores():
    attention = BahdanauAttention(4, 3, 5)
    query, memory = torch.randn(2, 3), torch.randn(2, 6, 4)
    keys = attention.memory_layer(memory)
    context, weights = attention(query, memory, keys, None)
    hidden = torch.tanh(keys + attention.query_layer(query)[:, None])
    expected = torch.softmax((hidden * attention.score).sum(-1), -1)
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(context, (expected[..., None] * memory).sum(1))


@pytest.mark.parametrize("recurrence", ["gru", "lstm"])
def test_parts_run_as_onnx_graphs_at_any_length(recurrence):
    model = Tacotron2017(replace(CONFIG, recurrence=recurrence)).eval()

    class Encode(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = model.encoder

        def forward(self, ids):
            return self.encoder(ids, torch.full_like(ids[:, 0], 1) * ids.shape[1])

    def graph(module, traced, value):
        file = io.BytesIO()
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # torch's exporter warns of itself
            torch.onnx.export(
                module,
                (traced,),
                file,
                input_names=["x"],
                output_names=["y"],
                dynamic_axes={"x": {1: "time"}, "y": {1: "time"}},
                opset_version=17,
                dynamo=False,
            )
        session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
        return torch.from_numpy(session.run(None, {"x": np.asarray(value)})[0])

    ids, mel = torch.tensor([[1, 5, 2, 7, 3, 8]]), torch.randn(1, 11, 6)
    with torch.no_grad():
        memory = model.encoder(ids, torch.tensor([6]))
        torch.testing.assert_close(graph(Encode(), ids[:, :3], ids), memory)
        linear = model.postnet(mel)
        torch.testing.assert_close(graph(model.postnet, mel[:, :4], mel), linear)
