"""Recordings and texts in, a prepared corpus out: what training learns from."""
