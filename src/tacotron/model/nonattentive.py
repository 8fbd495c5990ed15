"""The default Tacotron: durations instead of attention.

After Shen et al., "Non-Attentive Tacotron" (arXiv 2010.04301): an encoder reads the symbols, a
predictor says how many frames each lasts, the encoding is stretched to those frames, and an
autoregressive decoder of two LSTMs writes them, ``reduction_factor`` at a time. It can't loop, skip
or miss its end. Here every symbol is repeated for its frames and told where in the symbol a frame
lies (instead of Gaussian upsampling) and how high it is spoken (`tacotron.model.intonation`), and a
convolutional post-net refines the whole.

Inside, mels are standardized: (value - mean) / deviation over the corpus.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tacotron.model.intonation import HarmonicPattern, PitchPredictor
from tacotron.model.layers import (
    BidirectionalLSTM,
    Convolution,
    ConvolutionBlock,
    ResidualConvolution,
    length_mask,
)


@dataclass(frozen=True)
class NonAttentiveConfig:
    n_symbols: int  # size of the symbol table, padding included
    n_speakers: int = 1  # each has an embedding; that of a single one is a bias, a place for more
    n_mels: int = 80  # bands of the mel
    reduction_factor: int = 3  # frames a decoder step
    encoder_size: int = 256  # width of embedding and encoder
    encoder_layers: int = 3  # convolutions before the LSTM
    encoder_kernel: int = 5  # symbols
    encoder_dropout: float = 0.2
    duration_kernel: int = 3  # symbols
    duration_dropout: float = 0.2
    prenet_size: int = 128  # width of both layers
    prenet_dropout: float = 0.5  # stays on when speaking, as in Tacotron 2 (arXiv 1712.05884)
    decoder_size: int = 384  # width of both LSTMs
    decoder_dropout: float = 0.1  # between them
    pitch_size: int = 0  # width of the predictor of F0; 0 leaves F0 to the decoder
    pitch_layers: int = 3  # residual blocks
    pitch_kernel: int = 5  # decoder steps
    pitch_dropout: float = 0.1
    postnet_size: int = 256
    postnet_layers: int = 3  # residual blocks between the first and the last convolution
    postnet_kernel: int = 5  # frames
    postnet_dropout: float = 0.2


@dataclass(frozen=True)
class NonAttentiveOutput:
    coarse: Tensor  # float [B, T, n_mels], the decoder's frames, standardized
    mel: Tensor  # float [B, T, n_mels], after the post-net, standardized
    log_durations: Tensor  # float [B, L], ln of frames a symbol
    octaves: Tensor | None  # float [B, T], log2 of F0 in Hz as predicted, where it is


class Encoder(nn.Module):
    """Symbols to memory, and how many frames each will last."""

    def __init__(self, config: NonAttentiveConfig):
        super().__init__()
        size = config.encoder_size
        self.embedding = nn.Embedding(config.n_symbols, size, padding_idx=0)
        self.convolutions = nn.ModuleList(
            ConvolutionBlock(size, size, config.encoder_kernel, config.encoder_dropout)
            for _ in range(config.encoder_layers)
        )
        self.lstm = BidirectionalLSTM(size, size)
        self.speakers = nn.Embedding(config.n_speakers, size)
        self.duration_blocks = nn.ModuleList(
            ConvolutionBlock(size, size, config.duration_kernel, config.duration_dropout)
            for _ in range(2)
        )
        self.duration_output = nn.Linear(size, 1)

    def forward(self, ids: Tensor, lengths: Tensor, speakers: Tensor) -> tuple[Tensor, Tensor]:
        """``ids`` int64 [B, L], ``lengths`` and ``speakers`` int64 [B] -> memory float
        [B, L, encoder_size] (zero on padding), ln of durations in frames float [B, L]."""
        mask = length_mask(lengths, ids.shape[1])
        x = self.embedding(ids)
        for block in self.convolutions:
            x = block(x, mask)
        memory = (self.lstm(x, lengths) + self.speakers(speakers)[:, None]) * mask
        # Durations learn from the memory without shaping it: sound has the say there.
        y = memory.detach()
        for block in self.duration_blocks:
            y = block(y, mask)
        return memory, self.duration_output(y)[..., 0].float()


class Upsampler(nn.Module):
    """Memory, repeated for the frames of each symbol, as one condition a decoder step: what is
    spoken there, and how high."""

    def __init__(self, config: NonAttentiveConfig):
        super().__init__()
        self.reduction_factor = r = config.reduction_factor
        self.position = nn.Linear(3, config.encoder_size)
        self.pool = nn.Linear(config.encoder_size * r, config.decoder_size)
        self.pitch = None
        if config.pitch_size:
            self.pitch = PitchPredictor(
                config.encoder_size * r,
                config.pitch_size,
                layers=config.pitch_layers,
                kernel=config.pitch_kernel,
                dropout=config.pitch_dropout,
                reduction_factor=r,
            )
            self.pattern = HarmonicPattern(config.n_mels)
            self.harmonics = nn.Linear(self.pattern.size * r, config.decoder_size, bias=False)
            # Older weights, which know nothing of it, begin by speaking as they did.
            nn.init.zeros_(self.harmonics.weight)

    def forward(
        self,
        memory: Tensor,
        index: Tensor,
        position: Tensor,
        octaves: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """``memory`` float [B, L, E], ``index`` int64 [B, T] and ``position`` float [B, T, 3] as
        `expand_durations` gives them -> float [B, T / reduction_factor, decoder_size], and log2 of
        F0 as predicted, float [B, T], which is spoken where no ``octaves`` are given."""
        frames = memory.gather(1, index[..., None].expand(-1, -1, memory.shape[2]))
        frames = frames + self.position(position)
        steps = frames.reshape(frames.shape[0], -1, self.reduction_factor * memory.shape[2])
        condition = self.pool(steps)
        if self.pitch is None:
            return condition, None
        predicted = self.pitch(steps)
        pattern = self.pattern(predicted if octaves is None else octaves)
        pattern = pattern.reshape(*steps.shape[:2], -1)
        return condition + self.harmonics(pattern), predicted


class Decoder(nn.Module):
    """Two LSTMs that write the coarse mel, each step having heard the frame before it."""

    def __init__(self, config: NonAttentiveConfig):
        super().__init__()
        self.config = config
        size = config.decoder_size
        self.prenet_1 = nn.Linear(config.n_mels, config.prenet_size)
        self.prenet_2 = nn.Linear(config.prenet_size, config.prenet_size)
        self.lstm_1 = nn.LSTM(config.prenet_size + size, size, batch_first=True)
        self.lstm_2 = nn.LSTM(size, size, batch_first=True)
        self.output = nn.Linear(2 * size, config.n_mels * config.reduction_factor)

    def prenet(self, frame: Tensor, dropout_1: Tensor, dropout_2: Tensor) -> Tensor:
        """The masks hold 0 or 1 / (1 - prenet_dropout); they broadcast over ``frame``."""
        return F.relu(self.prenet_2(F.relu(self.prenet_1(frame)) * dropout_1)) * dropout_2

    def dropout_mask(self, like: Tensor) -> Tensor:
        """A fresh prenet mask of float [*like.shape[:-1], prenet_size]."""
        kept = 1 - self.config.prenet_dropout
        shape = (*like.shape[:-1], self.config.prenet_size)
        return torch.empty(shape, device=like.device).bernoulli_(kept) / kept

    def forward(self, mels: Tensor, condition: Tensor) -> Tensor:
        """Teacher forcing: target ``mels`` float [B, T, n_mels] and ``condition`` float
        [B, T / r, H] -> coarse mel float [B, T, n_mels]."""
        r = self.config.reduction_factor
        last = F.pad(mels[:, r - 1 :: r], (0, 0, 1, -1))  # the first step has heard silence: zeros
        heard = self.prenet(last, self.dropout_mask(last), self.dropout_mask(last))
        first = self.lstm_1(torch.cat([heard.to(condition.dtype), condition], -1))[0]
        dropped = F.dropout(first, self.config.decoder_dropout, self.training)
        second = first + self.lstm_2(dropped)[0]
        frames = self.output(torch.cat([second, condition.to(second.dtype)], -1))
        return frames.float().reshape(mels.shape)

    def step(
        self,
        frame: Tensor,
        condition: Tensor,
        dropout_1: Tensor,
        dropout_2: Tensor,
        state: tuple[Tensor, Tensor, Tensor, Tensor],
    ) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor, Tensor]]:
        """One free-running step: last ``frame`` float [B, n_mels], ``condition`` [B, H], prenet
        masks [B, P], ``state`` (hidden and cell of either LSTM, [B, H] each) -> frames float
        [B, r, n_mels] and the next state."""
        hidden_1, cell_1, hidden_2, cell_2 = (part[None] for part in state)
        heard = self.prenet(frame, dropout_1, dropout_2)
        first, (hidden_1, cell_1) = self.lstm_1(
            torch.cat([heard, condition], -1)[:, None], (hidden_1, cell_1)
        )
        second, (hidden_2, cell_2) = self.lstm_2(first, (hidden_2, cell_2))
        both = torch.cat([(first + second)[:, 0], condition], -1)
        frames = self.output(both).reshape(-1, self.config.reduction_factor, self.config.n_mels)
        return frames, (hidden_1[0], cell_1[0], hidden_2[0], cell_2[0])


class Postnet(nn.Module):
    """What the decoder could not hear, having only the past: a correction from both sides."""

    def __init__(self, config: NonAttentiveConfig):
        super().__init__()
        size, kernel = config.postnet_size, config.postnet_kernel
        self.first = Convolution(config.n_mels, size, kernel)
        self.blocks = nn.ModuleList(
            ResidualConvolution(size, kernel, config.postnet_dropout)
            for _ in range(config.postnet_layers)
        )
        self.last = Convolution(size, config.n_mels, kernel)

    def forward(self, coarse: Tensor, mask: Tensor) -> Tensor:
        """``coarse`` float [B, T, n_mels], ``mask`` float [B, T, 1] -> float [B, T, n_mels]."""
        x = self.first(coarse * mask)
        for block in self.blocks:
            x = block(x, mask)
        return coarse + self.last(F.gelu(x) * mask).float()


class NonAttentiveTacotron(nn.Module):
    """Encoder, upsampler, decoder and post-net, and the statistics of the mels they speak."""

    def __init__(self, config: NonAttentiveConfig):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.upsampler = Upsampler(config)
        self.decoder = Decoder(config)
        self.postnet = Postnet(config)
        self.register_buffer("mel_mean", torch.zeros(()))
        self.register_buffer("mel_deviation", torch.ones(()))

    def forward(
        self,
        ids: Tensor,
        lengths: Tensor,
        speakers: Tensor,
        durations: Tensor,
        mels: Tensor,
        frames: Tensor,
        octaves: Tensor | None = None,
    ) -> NonAttentiveOutput:
        """Teacher forcing, for training.

        ``ids`` and ``durations`` int64 [B, L] (zero on padding), ``lengths``, ``speakers`` and
        ``frames`` int64 [B], standardized ``mels`` float [B, T, n_mels] and their ``octaves`` (log2
        of F0 in Hz) float [B, T]; T must be a multiple of the reduction factor, and durations sum
        to at least ``frames``.
        """
        memory, log_durations = self.encoder(ids, lengths, speakers)
        index, position = expand_durations(durations, mels.shape[1])
        condition, predicted = self.upsampler(memory, index, position, octaves)
        coarse = self.decoder(mels, condition)
        mel = self.postnet(coarse, length_mask(frames, mels.shape[1]))
        return NonAttentiveOutput(coarse, mel, log_durations, predicted)

    @torch.no_grad()
    def infer(
        self, ids: Tensor, speaker: int = 0, *, durations: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Free-running speech of one utterance, ``ids`` int64 [L].

        Returns the mel float [T, n_mels] in the convention's values, and the durations int64 [L].
        ``durations`` replaces the predicted ones. Chance (the prenet's dropout) comes from torch's
        generator. Speaking proper goes through ONNX (`tacotron.speak`); this is for training.
        """
        r = self.config.reduction_factor
        lengths = torch.tensor([len(ids)], device=ids.device)
        speakers = torch.tensor([speaker], device=ids.device)
        memory, log_durations = self.encoder(ids[None], lengths, speakers)
        if durations is None:
            durations = log_durations[0].exp().round().clamp(min=1).long()
        durations = durations.clone()
        durations[-1] += -int(durations.sum()) % r
        total = int(durations.sum())
        index, position = expand_durations(durations[None], total)
        condition, _ = self.upsampler(memory, index, position)
        frame = condition.new_zeros(1, self.config.n_mels)
        state = tuple(condition.new_zeros(1, self.config.decoder_size) for _ in range(4))
        written = []
        for step in range(total // r):
            masks = self.decoder.dropout_mask(frame), self.decoder.dropout_mask(frame)
            frames, state = self.decoder.step(frame, condition[:, step], *masks, state)
            written.append(frames)
            frame = frames[:, -1]
        mask = torch.ones(1, total, 1, device=ids.device)
        mel = self.postnet(torch.cat(written, 1), mask)[0]
        return mel * self.mel_deviation + self.mel_mean, durations


def expand_durations(durations: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Which symbol each frame speaks, and where in that symbol it lies.

    ``durations`` int64 [B, L] -> index int64 [B, size] and position float [B, size, 3]: the share
    of the symbol that has passed, ln of its duration, and 1 / frames left. Frames behind the last
    symbol belong to it still.
    """
    ends = durations.cumsum(1)
    frame = torch.arange(size, device=durations.device).expand(len(durations), size).contiguous()
    last = (durations > 0).sum(1, keepdim=True) - 1
    index = torch.minimum(torch.searchsorted(ends, frame, right=True), last)
    duration = durations.gather(1, index)
    within = torch.minimum(frame - (ends - durations).gather(1, index), duration - 1)
    length, within = duration.float(), within.float()
    position = torch.stack([(within + 0.5) / length, length.log(), 1 / (length - within)], -1)
    return index, position
