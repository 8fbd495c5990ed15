"""The mel conventions in use, by name: one table of values, each with the source it was read from.

What a name stands for never changes: corpora and voices on disk hold these values whole, and are
compared with them field by field. A project's own defaults are meant where it has several; where a
project scales by statistics of its training corpus, which differ from one model to the next, the
table stops at the logarithm, and `tacotron mel calibrate` adds them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from tacotron.audio.definition import Affine, MeanVariance, MelConvention
from tacotron.errors import AudioError

_KEITHITO = MelConvention(
    name="keithito",
    sample_rate=20_000,
    n_fft=2048,  # 1025 bins
    hop_length=250,  # 12.5 ms
    win_length=1000,  # 50 ms
    preemphasis=0.97,
    n_mels=80,
    fmin=0.0,
    fmax=10_000.0,
    log="db",
    floor=1e-5,  # -100 dB
    reference_db=20.0,
    scaling=Affine(low=-100.0, high=0.0, clip=True),
)

_NVIDIA = MelConvention(
    name="nvidia",
    sample_rate=22_050,
    n_fft=1024,
    hop_length=256,
    win_length=1024,
    n_mels=80,
    fmin=0.0,
    fmax=8000.0,
    log="ln",
    floor=1e-5,
)

_HIFIGAN = replace(_NVIDIA, name="hifigan", framing="hifigan", power_offset=1e-9)

# ESPnet's bands and logarithm, which many took over.
_ESPNET = replace(
    _NVIDIA, name="espnet", fmin=80.0, fmax=7600.0, log="log10", floor=1e-10, bin_floor=1e-5
)

_FOUR = Affine(low=-100.0, high=0.0, target_low=-4.0, target_high=4.0, clip=True)

_WHISPER = MelConvention(
    name="whisper",
    sample_rate=16_000,
    n_fft=400,
    hop_length=160,
    win_length=400,
    n_mels=80,
    fmax=8000.0,
    power=2.0,
    log="log10",
    floor=1e-10,
    dynamic_range=8.0,
    drop_last_frame=True,
    scaling=Affine(low=-4.0, high=0.0),  # (x + 4) / 4
)

# A row: the values, and where they were read.
_TABLE: tuple[tuple[MelConvention, str], ...] = (
    (
        _NVIDIA,
        "NVIDIA/tacotron2 hparams.py, layers.py TacotronSTFT; the same in NVIDIA/waveglow and in "
        "speechbrain's Tacotron 2 and HiFi-GAN",
    ),
    (_KEITHITO, "keithito/tacotron hparams.py, util/audio.py (commit d26c763)"),
    (
        # The mel had no reference level yet, the linear spectrogram had.
        replace(_KEITHITO, name="keithito-issue98", reference_db=0.0, linear_reference_db=20.0),
        "keithito/tacotron util/audio.py as issue 98 quotes it",
    ),
    (
        # It clips at 1e-8 where this clips at 0: a millionth of a decibel.
        replace(
            _KEITHITO,
            name="kyubyong",
            sample_rate=22_050,
            hop_length=275,  # int(0.0125 * 22050)
            win_length=1102,  # int(0.05 * 22050)
            fmax=11_025.0,
        ),
        "Kyubyong/tacotron hyperparams.py, utils.py get_spectrograms",
    ),
    (
        replace(
            _KEITHITO,
            name="begeekmyfriend",
            sample_rate=22_050,
            n_fft=1024,
            hop_length=256,
            win_length=1024,
            fmin=50.0,
            fmax=7600.0,
            scaling=_FOUR,
        ),
        "begeekmyfriend/tacotron2 hparams.py, common/audio.py (commit 0ab6d2c); he found [-4, 4] "
        "to align sooner than [0, 1] in keithito/tacotron issue 237",
    ),
    (
        # 20 * log10 of squared magnitudes: its decibels are twice the usual ones.
        replace(
            _KEITHITO,
            name="rayhane-mamah",
            sample_rate=22_050,
            hop_length=275,
            win_length=1100,
            framing="center-constant",
            fmin=55.0,
            fmax=7600.0,
            power=2.0,
            scaling=_FOUR,
        ),
        "Rayhane-mamah/Tacotron-2 hparams.py, datasets/audio.py (master)",
    ),
    (
        # As keithito's in issue 98: 20 dB are taken off the linear spectrogram only.
        replace(
            _KEITHITO,
            name="fatchord",
            sample_rate=22_050,
            hop_length=275,
            win_length=1100,
            preemphasis=0.0,
            fmin=40.0,
            fmax=11_025.0,
            reference_db=0.0,
            linear_reference_db=20.0,
        ),
        "fatchord/WaveRNN hparams.py, utils/dsp.py",
    ),
    (
        replace(
            _KEITHITO,
            name="mozilla",
            sample_rate=22_050,
            n_fft=1024,
            hop_length=256,
            win_length=1024,
            preemphasis=0.0,
            fmax=11_025.0,
            scaling=_FOUR,
        ),
        "coqui-ai/TTS TTS/config/shared_configs.py BaseAudioConfig, after mozilla/TTS",
    ),
    (_HIFIGAN, "jik876/hifi-gan meldataset.py, config_v1.json"),
    (
        replace(_HIFIGAN, name="bigvgan-22k"),
        "NVIDIA/BigVGAN meldataset.py, configs/bigvgan_22khz_80band.json",
    ),
    (
        replace(_HIFIGAN, name="bigvgan-24k", sample_rate=24_000, n_mels=100, fmax=12_000.0),
        "NVIDIA/BigVGAN meldataset.py, configs/bigvgan_24khz_100band.json",
    ),
    (
        # Mean and deviation over LJ Speech.
        replace(_HIFIGAN, name="matcha", scaling=MeanVariance(-5.536622, 2.116101)),
        "shivammehta25/Matcha-TTS matcha/utils/audio.py, configs/data/ljspeech.yaml",
    ),
    (
        _ESPNET,
        "espnet/espnet espnet2/tts/feats_extract/log_mel_fbank.py, espnet2/layers/log_mel.py, "
        "egs2/ljspeech/tts1/run.sh",
    ),
    (
        replace(_ESPNET, name="parallelwavegan", bin_floor=0.0),
        "kan-bayashi/ParallelWaveGAN bin/preprocess.py logmelfilterbank, egs/ljspeech/voc1/conf; "
        "each model's stats.h5 holds a mean and deviation a band on top",
    ),
    (
        replace(_ESPNET, name="tensorflowtts", bin_floor=0.0),
        "TensorSpeech/TensorFlowTTS preprocess/ljspeech_preprocess.yaml, bin/preprocess.py; each "
        "model's stats.npy holds a mean and deviation a band on top",
    ),
    (
        replace(_ESPNET, name="speecht5", sample_rate=16_000, bin_floor=0.0),
        "huggingface/transformers models/speecht5/feature_extraction_speecht5.py",
    ),
    (
        replace(_ESPNET, name="r9y9", fmin=125.0, bin_floor=0.0),
        "r9y9/wavenet_vocoder audio.py logmelspectrogram, egs/gaussian/conf/gaussian_wavenet.json",
    ),
    (
        replace(_NVIDIA, name="melgan", framing="hifigan", fmax=11_025.0, log="log10"),
        "descriptinc/melgan-neurips mel2wav/modules.py Audio2Mel",
    ),
    (
        replace(
            _NVIDIA,
            name="vocos",
            sample_rate=24_000,
            n_mels=100,
            fmax=12_000.0,
            mel_scale="htk",
            mel_norm="none",
            floor=1e-7,
        ),
        "gemelo-ai/vocos vocos/feature_extractors.py MelSpectrogramFeatures, vocos-mel-24khz",
    ),
    (
        # Its transform is never told that the signal has 24 kHz, so that each band lies half as
        # high again as it says.
        MelConvention(
            name="styletts2",
            sample_rate=24_000,
            n_fft=2048,
            hop_length=300,
            win_length=1200,
            n_mels=80,
            fmax=8000.0,
            filter_rate=16_000,
            mel_scale="htk",
            mel_norm="none",
            power=2.0,
            floor=1e-5,
            floor_added=True,
            scaling=MeanVariance(-4.0, 4.0),
        ),
        "yl4579/StyleTTS2 meldataset.py preprocess",
    ),
    (
        MelConvention(
            name="torchaudio",
            sample_rate=16_000,
            n_fft=400,
            hop_length=200,
            win_length=400,
            n_mels=128,
            fmax=8000.0,
            mel_scale="htk",
            mel_norm="none",
            power=2.0,
            log="power-db",
            floor=1e-10,
        ),
        "torchaudio 2 transforms.MelSpectrogram() and AmplitudeToDB(), all defaults",
    ),
    (
        MelConvention(
            name="librosa",
            sample_rate=22_050,
            n_fft=2048,
            hop_length=512,
            win_length=2048,
            framing="center-constant",  # since 0.10; earlier versions mirrored
            n_mels=128,
            fmax=11_025.0,
            power=2.0,
            log="power-db",
            floor=1e-10,
            dynamic_range=80.0,
        ),
        "librosa 0.11 feature.melspectrogram() and power_to_db(), all defaults",
    ),
    (_WHISPER, "openai/whisper whisper/audio.py log_mel_spectrogram"),
    (
        replace(_WHISPER, name="whisper-large-v3", n_mels=128),
        "openai/whisper whisper/audio.py log_mel_spectrogram(n_mels=128)",
    ),
)

CONVENTIONS: dict[str, MelConvention] = {row.name: row for row, _ in _TABLE}
SOURCES: dict[str, str] = {row.name: source for row, source in _TABLE}
DEFAULT_CONVENTION = "nvidia"

# Other names of the same.
ALIASES: dict[str, str] = {
    "waveglow": "nvidia",
    "speechbrain": "nvidia",
    "tacotron2": "nvidia",
    "coqui": "mozilla",
    "rayhane": "rayhane-mamah",
    "bigvgan": "bigvgan-24k",
}


def get_convention(name: str | Path) -> MelConvention:
    """The convention of that name or alias, or the one in that ``.json`` file.

    Raises `AudioError` for an unknown name (listing those known) and for an unreadable file.
    """
    if isinstance(name, str) and ALIASES.get(name, name) in CONVENTIONS:
        return CONVENTIONS[ALIASES.get(name, name)]
    path = Path(name)
    if path.suffix == ".json":
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise AudioError(
                f"Could not read the mel convention file {path} ({_reason(error)}): "
                "give a JSON file that holds one convention."
            ) from error
        if not isinstance(values, dict):
            raise AudioError(f"The mel convention file {path} must hold one JSON object.")
        return MelConvention.from_dict(values)
    close = get_close_matches(str(name).lower(), [*CONVENTIONS, *ALIASES], n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    raise AudioError(
        f"There is no mel convention {str(name)!r}: {hint}known are {', '.join(CONVENTIONS)}, "
        "and a path to a .json file."
    )


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return "it is not valid JSON"
