"""Text to audio with a voice: numpy and ONNX Runtime, no torch."""

from tacotron.speak.synthesizer import Chunk, SpokenWord, Voice

__all__ = ["Chunk", "SpokenWord", "Voice"]
