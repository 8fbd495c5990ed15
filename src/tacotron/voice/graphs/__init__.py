"""Trained models as the ONNX graphs that `tacotron.speak` runs, by the names in a voice file.

Needs the training extra, unlike the rest of this room; a module for each kind of voice.
"""

from tacotron.voice.graphs.attentive import attentive_graphs
from tacotron.voice.graphs.nonattentive import nonattentive_graphs

__all__ = ["attentive_graphs", "nonattentive_graphs"]
