"""Recordings and texts in, a prepared corpus out: what training learns from.

prepare.prepare(CORPUS, OUT)    reads, checks and writes a corpus: `tacotron prepare`
report.write_report(OUT)        shows it in one page
corpus.PreparedCorpus.open(OUT) reads it: texts, symbols, memory-mapped mels
batches                         cuts it into batches (needs PyTorch)
"""
