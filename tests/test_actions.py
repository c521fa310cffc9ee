"""The action list: disagreement of methods is reported, and never averaged away."""

import numpy as np
import pandas as pd
import pytest

from csqm import text
from csqm.actions import action_list

VOTES = pd.DataFrame(
    {
        "gap": [False, True, False, True, False],
        "grid": [False, True, True, True, False],
        "kano": [True, True, True, True, False],
    },
    index=["seats", "on time", "courtesy", "answer", "paint"],
)
SHARE = pd.Series({"paint": 0.05, "answer": 0.3, "seats": 0.25, "on time": 0.2, "courtesy": 0.2})


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


def test_groups_come_first_then_the_share_and_never_the_number_of_votes():
    table = action_list(VOTES, SHARE)
    assert table["group"].tolist() == ["act", "act", "check", "check", "leave"]
    # Seats have one vote and courtesy two; the share decides.
    assert table["attribute"].tolist() == ["answer", "on time", "seats", "courtesy", "paint"]
    assert table["share"].tolist() == [0.3, 0.2, 0.25, 0.2, 0.05]


def test_who_disagrees_is_named():
    table = action_list(VOTES, SHARE).set_index("attribute")
    assert table.loc["seats", ["for", "against"]].tolist() == ["kano", "gap, grid"]
    assert table.loc["on time", "against"] == ""
    assert table.loc["paint", ["for", "against"]].tolist() == ["", "gap, grid, kano"]


def test_arguments_stay_as_they_were_and_a_mapping_will_do():
    before = VOTES.copy()
    table = action_list(VOTES, SHARE.to_dict())
    pd.testing.assert_frame_equal(table, action_list(VOTES, SHARE))
    pd.testing.assert_frame_equal(VOTES, before)


@pytest.mark.parametrize(
    ("votes", "share", "message"),
    [
        ([True], SHARE, "must be a DataFrame"),
        (VOTES.iloc[:0], SHARE, "without cells"),
        (VOTES.rename(index={"paint": "seats"}), SHARE, "'seats' occurs twice"),
        (VOTES.assign(gap=[1, 0, 1, 0, 1]), SHARE, "Column 'gap'.*True or False"),
        (VOTES.assign(gap=[True, None, True, False, True]), SHARE, "Column 'gap'"),
        (VOTES, SHARE.drop("paint"), "one number to each attribute"),
        (VOTES, SHARE.replace(0.05, np.nan), "`share` of 'paint' is blank"),
    ],
)
def test_bad_input_is_refused(votes, share, message):
    with pytest.raises(ValueError, match=message):
        action_list(votes, share)
