"""What each level of each issue is worth to both sides of the supplier negotiation."""

# Issue: level: worth in NT$ a set, to Qingchuan and to Honglei. Today's terms are worth 0.
TODAY = {
    "price": "480",
    "lead_time": "3w",
    "payment": "60d",
    "forecast": "none",
    "inspection": "both",
}
PRICES = (480, 490, 494, 499, 504, 509, 514, 518, 523, 538, 552)
ISSUES = {
    "price": {str(price): (480 - price, price - 480) for price in PRICES},
    "lead_time": {"3w": (0, 0), "4w": (-3, 2), "6w": (-16, 8)},
    "payment": {"60d": (0, 0), "30d": (-1.2, 5)},
    "forecast": {"none": (0, 0), "rolling": (-1, 8), "firm": (-2, 24), "framework": (-5, 26)},
    "inspection": {"both": (0, 0), "shared": (3, 4)},
}


def make() -> list[list]:
    """List the levels: header and one row per level of an issue."""
    rows = [["issue", "level", "us", "supplier"]]
    for issue, levels in ISSUES.items():
        rows += [[issue, level, f"{us:.1f}", f"{them:.1f}"] for level, (us, them) in levels.items()]
    return rows
