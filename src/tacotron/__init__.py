"""Tacotron: text to speech in a voice of your own."""
