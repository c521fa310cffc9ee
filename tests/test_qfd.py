"""The house of quality against a plain loop and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csqm import text
from csqm.qfd import priorities


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_priorities_agree_with_a_loop(data):
    rows, columns = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    cell = st.sampled_from([0, 1, 3, 9, None])
    cells = data.draw(
        st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    )
    importance = data.draw(st.lists(st.integers(0, 5), min_size=rows, max_size=rows))
    relations = pd.DataFrame(cells, dtype=float).rename(columns=lambda j: f"t{j}")
    absolute = [
        sum(w * (row[j] or 0) for w, row in zip(importance, cells, strict=True))
        for j in range(columns)
    ]
    if not sum(absolute):
        with pytest.raises(ValueError, match="All priorities are 0"):
            priorities(relations, importance)
        return
    result = priorities(relations, importance)
    assert result.table["characteristic"].tolist() == list(relations.columns)
    assert result.table["absolute"].tolist() == absolute
    assert result.table["relative"].tolist() == pytest.approx([a / sum(absolute) for a in absolute])
    assert result.table["rank"].tolist() == [1 + sum(b > a for b in absolute) for a in absolute]
    assert result.unmet_needs == [i for i in range(rows) if not any(cells[i])]
    assert result.idle_characteristics == [
        f"t{j}" for j in range(columns) if not any(row[j] for row in cells)
    ]


HOUSE = pd.DataFrame(
    {"t": [9, 3], "u": [0, 1], "v": [0, 0]}, index=["short wait", "clean car"], dtype=float
)


def test_importance_by_name_is_matched_to_the_rows():
    by_name = priorities(HOUSE, pd.Series({"clean car": 2, "short wait": 5})).table
    assert by_name["absolute"].tolist() == [51, 2, 0]
    pd.testing.assert_frame_equal(by_name, priorities(HOUSE, np.array([5, 2])).table)
    pd.testing.assert_frame_equal(
        by_name, priorities(HOUSE, {"clean car": 2, "short wait": 5}).table
    )


def test_other_strengths_can_be_declared():
    other = HOUSE.replace(9, 5)
    assert priorities(other, [1, 1], strengths=(0, 1, 3, 5)).table["absolute"].tolist() == [8, 1, 0]


def test_equal_priorities_share_the_better_rank_in_spite_of_rounding():
    house = pd.DataFrame({"t": [3, 0], "u": [0, 1], "v": [0, 0]})
    assert priorities(house, [0.1, 0.3]).table["rank"].tolist() == [1, 1, 3]


BAD = [
    (HOUSE.replace(3, 5), [1, 1], "Row 'clean car', column 't': 5 is not a strength.*0, 1, 3, 9"),
    (HOUSE.replace(3, -1), [1, 1], "Row 'clean car', column 't': -1"),
    (HOUSE.astype(object).replace(3, "strong"), [1, 1], "'t', row 'clean car': 'strong' is not"),
    (HOUSE.to_numpy(), [1, 1], "`relations` must be a DataFrame.*ndarray"),
    (HOUSE.iloc[:0], [], "`relations` must be a DataFrame"),
    (HOUSE.set_axis(["a", "a"]), [1, 1], "Need 'a' occurs twice"),
    (HOUSE.set_axis(["t", "t", "v"], axis=1), [1, 1], "'t' occurs twice"),
    (HOUSE, [1, 1, 1], "`importance` has 3 values for 2 needs"),
    (HOUSE, {"short wait": 1}, "one value to each need. Importance: short wait. Rows.*clean car"),
    (HOUSE, [1, -1], "`importance` of 'clean car' is -1"),
    (HOUSE, [1, np.nan], "`importance` of 'clean car' is nan"),
    (HOUSE, [1, "2"], "'importance', row 1: '2' is not a number"),
    (HOUSE, [0, 0], "All priorities are 0"),
]


@pytest.mark.parametrize(("relations", "importance", "message"), BAD)
def test_refusals_name_the_row_and_column(relations, importance, message):
    with pytest.raises(ValueError, match=message):
        priorities(relations, importance)
