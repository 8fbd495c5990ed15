"""Text to audio with a voice: numpy and ONNX Runtime, no torch."""

from tacotron.speak.chunks import Chunk, SpokenWord
from tacotron.speak.prosody import Prosody
from tacotron.speak.synthesizer import Voice

__all__ = ["Chunk", "Prosody", "SpokenWord", "Voice"]
