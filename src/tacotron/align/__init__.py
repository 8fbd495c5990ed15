"""Which frames speak which symbol: the aligner, its search, the alignment files it writes."""

from tacotron.align.alignments import Alignments
from tacotron.align.run import align_corpus
from tacotron.align.training import AlignerTraining

__all__ = ["AlignerTraining", "Alignments", "align_corpus"]
