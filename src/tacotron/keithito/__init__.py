"""keithito/tacotron's checkpoints as voices of today: read, mapped onto our model, written."""
