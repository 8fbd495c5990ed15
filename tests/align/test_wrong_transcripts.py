"""Transcripts shuffled on purpose are the ones that score lowest."""

from __future__ import annotations

from pathlib import Path

from tacotron.align import Alignments
from tacotron.data.report import write_report

from .conftest import WRONG


def test_they_score_lowest(aligned: Path) -> None:
    assert set(Alignments.load(aligned).ranked()[:10]) == WRONG


def test_the_report_lists_them(aligned: Path) -> None:
    write_report(aligned)
    page = (aligned / "report.html").read_text("utf-8")
    assert all(name in page for name in WRONG)
