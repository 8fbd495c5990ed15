"""The Tacotron of 2017: attention instead of durations, and a linear spectrogram at the end.

Wang et al., "Tacotron: Towards End-to-End Speech Synthesis" (arXiv 1703.10135), in the sizes of
keithito/tacotron, whose weights it can hold exactly. A CBHG reads the symbols, a decoder with
attention writes a mel, ``reduction_factor`` frames at a time, and a second CBHG turns the mel into
a linear spectrogram. Two things are new: a stop token, and that padding counts nowhere.

Inside, mels and linear spectrograms are standardized: (value - mean) / deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tacotron.errors import TrainingError
from tacotron.model.attention import Decoder, Prenet, State, attention_bias
from tacotron.model.cbhg import CBHG, Recurrence
from tacotron.model.gru import at_least_float
from tacotron.model.layers import length_mask

WAVELENGTHS = 10000.0  # of position features: the longest, over the shortest


@dataclass(frozen=True)
class Tacotron2017Config:
    n_symbols: int  # size of the symbol table, padding included
    n_speakers: int = 1  # an embedding is learned where there is more than one
    n_mels: int = 80  # bands of the mel
    n_linear: int = 513  # bins of the linear spectrogram: n_fft / 2 + 1
    reduction_factor: int = 5  # frames a decoder step
    embedding_size: int = 256
    prenet_sizes: tuple[int, ...] = (256, 128)  # of encoder and decoder
    prenet_dropout: float = 0.5  # off at inference
    cbhg_size: int = 128  # channels of both CBHGs; twice as many come out
    encoder_bank: int = 16  # widest convolution of the encoder's bank
    postnet_bank: int = 8
    postnet_projection: int = 256
    attention_size: int = 256  # width in which query and memory meet
    decoder_size: int = 256  # width of the attention GRU and of the residual GRUs
    recurrence: Recurrence = "gru"  # of the CBHGs; "lstm" trains faster and isn't the paper's
    position_size: int = 0  # even; channels of the memory that tell a symbol's place, too
    stop_token: bool = True  # the original has none: it speaks up to its bound
    mask_padding: bool = True  # the original lets padding into convolutions and attention
    bound_base: int = 60  # frames; see `Tacotron2017.frame_bound`
    bound_per_symbol: int = 25  # frames; slow speech has about 10 of 12 ms

    def __post_init__(self) -> None:
        if self.recurrence not in get_args(Recurrence):
            raise TrainingError(
                f"The model's recurrence can't be {self.recurrence!r}: it must be "
                f"{' or '.join(get_args(Recurrence))}."
            )
        if self.position_size % 2 or self.position_size > 2 * self.cbhg_size:
            raise TrainingError(
                f"The model's position_size can't be {self.position_size}: it must be even and at "
                f"most twice the cbhg_size, {2 * self.cbhg_size}."
            )


@dataclass(frozen=True)
class Tacotron2017Output:
    mel: Tensor  # float [B, T, n_mels], standardized
    linear: Tensor  # float [B, T, n_linear], standardized
    alignments: Tensor  # float [B, T / r, L], weights of each step over the symbols
    stop_logits: Tensor | None  # float [B, T / r], that a step is the last


@dataclass(frozen=True)
class Tacotron2017Speech:
    mel: Tensor  # float [T, n_mels], in the convention's values
    linear: Tensor  # float [T, n_linear], in the convention's values
    alignment: Tensor  # float [T / r, L]
    bound_hit: bool  # whether the length bound ended it, not the model


class Encoder(nn.Module):
    """Symbols to memory."""

    def __init__(self, config: Tacotron2017Config):
        super().__init__()
        self.mask_padding = config.mask_padding
        self.position_size = config.position_size
        self.embedding = nn.Embedding(config.n_symbols, config.embedding_size)
        nn.init.trunc_normal_(self.embedding.weight, std=0.5)
        self.prenet = Prenet(config.embedding_size, config.prenet_sizes, config.prenet_dropout)
        self.cbhg = CBHG(
            config.prenet_sizes[-1],
            bank=config.encoder_bank,
            projection=config.cbhg_size,
            size=config.cbhg_size,
            recurrence=config.recurrence,
        )
        self.speakers = (
            nn.Embedding(config.n_speakers, 2 * config.cbhg_size) if config.n_speakers > 1 else None
        )

    def forward(self, ids: Tensor, lengths: Tensor, speakers: Tensor | None = None) -> Tensor:
        """``ids`` int64 [B, L], ``lengths`` int64 [B], ``speakers`` int64 [B] (needed where there
        are several) -> memory float [B, L, 2 cbhg_size], zero on padding."""
        x = self.prenet(self.embedding(ids))
        memory = self.cbhg(x, lengths if self.mask_padding else None, recurrent_lengths=lengths)
        mask = length_mask(lengths, ids.shape[1])
        if self.position_size:
            places = position_features(ids.shape[1], self.position_size, device=ids.device)
            added = F.pad(places, (0, memory.shape[2] - self.position_size))
            memory = memory + added * mask
        if self.speakers is not None:
            memory = memory + self.speakers(speakers)[:, None] * mask
        return memory


def position_features(count: int, size: int, *, device: torch.device) -> Tensor:
    """Sines and cosines of the places 0 to ``count`` - 1, float [count, size], after Vaswani et al.
    (arXiv 1706.03762, section 3.5): any place is the same rotation away from the one before it, so
    an attention that has heard where it looked can tell where to look next."""
    rates = WAVELENGTHS ** (-torch.arange(0, size, 2, device=device) / size)
    angles = torch.arange(count, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], -1)


class Postnet(nn.Module):
    """Mel to linear spectrogram, both standardized."""

    def __init__(self, config: Tacotron2017Config):
        super().__init__()
        self.cbhg = CBHG(
            config.n_mels,
            bank=config.postnet_bank,
            projection=config.postnet_projection,
            size=config.cbhg_size,
            recurrence=config.recurrence,
        )
        self.linear = nn.Linear(2 * config.cbhg_size, config.n_linear)

    def forward(self, mel: Tensor, frames: Tensor | None = None) -> Tensor:
        """``mel`` float [B, T, n_mels], ``frames`` int64 [B] (None: all T are real)
        -> float [B, T, n_linear]."""
        return at_least_float(self.linear(self.cbhg(mel, frames)))


class Tacotron2017(nn.Module):
    """Encoder, decoder and post-net, and the statistics of the spectrograms they speak."""

    def __init__(self, config: Tacotron2017Config):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(
            memory_size=2 * config.cbhg_size,
            n_mels=config.n_mels,
            reduction_factor=config.reduction_factor,
            prenet_sizes=config.prenet_sizes,
            prenet_dropout=config.prenet_dropout,
            attention_size=config.attention_size,
            size=config.decoder_size,
            stop_token=config.stop_token,
        )
        self.postnet = Postnet(config)
        self.register_buffer("mel_mean", torch.zeros(()))
        self.register_buffer("mel_deviation", torch.ones(()))
        self.register_buffer("linear_mean", torch.zeros(()))
        self.register_buffer("linear_deviation", torch.ones(()))

    def forward(
        self,
        ids: Tensor,
        lengths: Tensor,
        mels: Tensor,
        frames: Tensor,
        speakers: Tensor | None = None,
        path: Tensor | None = None,
    ) -> Tacotron2017Output:
        """Teacher forcing, for training.

        ``ids`` int64 [B, L], standardized ``mels`` float [B, T, n_mels], ``lengths``, ``frames``
        and ``speakers`` int64 [B]; T must be a multiple of the reduction factor. What the output
        holds behind ``frames`` is without meaning. Where the ``path`` is known that attention
        should take (float [B, T / r, L], the share of each step's frames that each symbol speaks),
        it is led along it. The post-net reads the decoder's mel, as it will when speaking.
        """
        memory = self.encoder(ids, lengths, speakers)
        bias = frames_or_all = None
        if self.config.mask_padding:
            bias, frames_or_all = attention_bias(length_mask(lengths, ids.shape[1])), frames
        mel, alignments, stop_logits = self.decoder(mels, memory, bias, path)
        linear = self.postnet(mel, frames_or_all)
        return Tacotron2017Output(mel, linear, alignments, stop_logits)

    @property
    def updates(self) -> int:
        """How many batches the model has learned from, as its batch norms count."""
        return int(self.encoder.cbhg.bank_norm.num_batches_tracked)

    def frame_bound(self, length: int) -> int:
        """The most frames that ``length`` symbols are given, a multiple of the reduction factor:
        far above what they take, since an attention that lost its way needs some end."""
        frames = self.config.bound_base + self.config.bound_per_symbol * length
        return frames + -frames % self.config.reduction_factor

    @torch.no_grad()
    def infer(
        self, ids: Tensor, speaker: int = 0, *, max_frames: int | None = None
    ) -> Tacotron2017Speech:
        """Free-running speech of one utterance, ``ids`` int64 [L], without dropout.

        It ends with the step whose stop token is likelier than not (and not before each symbol
        could have had a frame), or at ``max_frames`` (default: `frame_bound`, where a model without
        stop token always ends). Speaking proper goes through ONNX (`tacotron.speak`); this is for
        training.
        """
        was_training = self.training
        self.eval()
        try:
            return self._infer(ids, speaker, max_frames or self.frame_bound(len(ids)))
        finally:
            self.train(was_training)

    def _infer(self, ids: Tensor, speaker: int, max_frames: int) -> Tacotron2017Speech:
        lengths = torch.tensor([len(ids)], device=ids.device)
        memory = self.encoder(ids[None], lengths, torch.tensor([speaker], device=ids.device))
        keys = self.decoder.attention.memory_layer(memory)
        state: State = self.decoder.first_state(memory)
        frame = memory.new_zeros(1, self.config.n_mels)
        written, looks = [], []
        stopped = False
        while not stopped and len(written) * self.config.reduction_factor < max_frames:
            frames, weights, stop, state = self.decoder.step(frame, memory, keys, None, state)
            written.append(frames)
            looks.append(weights)
            frame = frames[:, -1]
            enough = len(written) * self.config.reduction_factor >= len(ids)
            stopped = enough and stop is not None and bool(stop > 0)
        mel = torch.cat(written, 1)
        linear = self.postnet(mel)[0] * self.linear_deviation + self.linear_mean
        mel = mel[0] * self.mel_deviation + self.mel_mean
        return Tacotron2017Speech(mel, linear, torch.cat(looks), not stopped)
