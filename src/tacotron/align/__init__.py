"""Which frames speak which symbol: the aligner, its search, the alignment files it writes."""

from tacotron.align.alignments import Alignments
from tacotron.align.run import align_corpus
from tacotron.align.training import AlignerTraining
from tacotron.align.warm_start import TrainedAligner, read_aligner, starting_point

__all__ = [
    "AlignerTraining",
    "Alignments",
    "TrainedAligner",
    "align_corpus",
    "read_aligner",
    "starting_point",
]
