"""What goes wrong in a user's hands, each with one sentence that says what, where, and what to do.

    TacotronError
    ├── AudioError      a recording or a mel that can't be used
    ├── TextError       a text that can't be spoken
    ├── CorpusError     recordings or a prepared corpus that can't be learned from
    ├── TrainingError   a recipe, a run or a checkpoint that can't go on
    └── VoiceError      a voice file that can't be read, or lacks what is asked of it

The command line prints the sentence and exits with status 2; anything else is a defect of ours.
"""


class TacotronError(Exception):
    """Base of all errors that a user can mend."""


class AudioError(TacotronError):
    """A recording or a mel that can't be used."""


class TextError(TacotronError):
    """A text that can't be spoken."""


class CorpusError(TacotronError):
    """Recordings, or a prepared corpus, that can't be learned from."""


class TrainingError(TacotronError):
    """A recipe, a run or a checkpoint that can't go on."""


class VoiceError(TacotronError):
    """A voice file that can't be read, or lacks what is asked of it."""
