import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tacotron.data.statistics import BINS, MelTally, spread


@given(
    hnp.arrays(
        np.float16, st.integers(1, 400), elements=st.floats(-12, 4, width=16, allow_nan=False)
    )
)
def test_statistics_are_exact(values):
    tally = MelTally()
    for piece in np.array_split(values, 3):
        tally.add(piece)
    summary = tally.summary(floor=-11.5)
    wide = values.astype(np.float64)
    assert summary["mean"] == pytest.approx(wide.mean(), abs=1e-12)
    assert summary["std"] == pytest.approx(wide.std() or 1.0, rel=1e-9)
    assert (summary["min"], summary["max"]) == (wide.min(), wide.max())
    assert sum(summary["histogram"]["counts"]) == len(values)
    assert len(summary["histogram"]["edges"]) == BINS + 1
    assert summary["floored"] == np.mean(wide <= -11.5)
    assert summary["percentiles"]["50"] == np.percentile(wide, 50, method="inverted_cdf")


def test_nothing_and_what_is_no_number():
    tally = MelTally()
    assert tally.summary(0.0)["std"] == 1.0
    tally.add(np.array([np.nan, np.inf, 2.0], np.float16))
    assert tally.summary(0.0)["mean"] == 2.0


def test_spread():
    assert spread([]) == {}
    assert spread([1.0, 2.0, 3.0])["median"] == 2.0
