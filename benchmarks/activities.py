"""Time how fast the activities react in a real browser whose processor is slowed down four times.

``python benchmarks/activities.py`` opens every activity as the book has it, uses its controls at
random and prints, for each, the milliseconds from an input until the next frame is painted: the
median and the 95th percentile, and the time of the first press of Check. The same inputs are given
again in fresh pages, and the fastest time of each counts: what else the machine does only adds.
"""

import argparse
import random
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from setup import find_browser

from csqm.activities import activity, book_script, book_style
from csqm.activities.content import load, paths
from csqm.text import set_language

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SLOWER = 4

# Uses one control by chance as a hand would, and waits until what it did is painted.
USE = """
async (chance) => {
  const frame = document.querySelector(".csqm-frame");
  const shown = [...frame.querySelectorAll("input, select, textarea, button")].filter(
    (each) => each.offsetParent && !each.disabled && !each.closest(".csqm-actions"),
  );
  const control = shown[Math.floor(chance * shown.length)];
  if (!control) return null;
  const sides = (options) => options[Math.floor(chance * 997) % options.length];
  const painted = () =>
    new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
  await painted();
  const start = performance.now();
  if (control.matches("select")) {
    control.value = sides([...control.options]).value;
    control.dispatchEvent(new Event("change", { bubbles: true }));
  } else if (control.matches("input[type=range], input[type=number]")) {
    const [min, max, step] = [control.min, control.max || 100, control.step].map(Number);
    const by = step || 1;
    control.value = min + Math.round((((chance * 997) % 1) * (max - min)) / by) * by;
    for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind, { bubbles: true }));
  } else if (control.matches("textarea, input[type=text], input:not([type])")) {
    control.value = sides(["The order names the hospital only", "18 of 60", "訂單只寫醫院名稱"]);
    for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind, { bubbles: true }));
  } else control.click();
  return (await painted()) - start;
}
"""
CHECK = """
async () => {
  const painted = () =>
    new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
  await painted();
  const start = performance.now();
  document.querySelector(".csqm-primary").click();
  return (await painted()) - start;
}
"""


def main(arguments: list[str] | None = None) -> int:
    """Time the activities and print a line for each."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("activities", nargs="*", metavar="SLUG", help="all unless named")
    parser.add_argument("--inputs", type=int, default=40, help="how many for each activity")
    parser.add_argument("--runs", type=int, default=3, help="how often the same inputs are given")
    given = parser.parse_args(arguments)
    unknown = set(given.activities) - set(paths())
    if unknown:
        parser.error(f"no such activity: {', '.join(sorted(unknown))}")
    print(
        f"ms until painted, processor slowed {SLOWER} times, {given.inputs} inputs each,"
        f" fastest of {given.runs}"
    )
    print(f"{'activity':26} {'kind':9} {'median':>7} {'95 %':>6} {'Check':>6}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for slug in given.activities or paths():
            runs = [timed(browser, slug, given.inputs) for _ in range(given.runs)]
            *inputs, check = map(min, zip(*runs, strict=True))
            p95 = statistics.quantiles(inputs, n=20)[-1]
            kind = load(paths()[slug])["kind"]
            median = statistics.median(inputs)
            print(f"{slug:26} {kind:9} {median:7.0f} {p95:6.0f} {check:6.0f}", flush=True)
        browser.close()
    return 0


def timed(browser, slug: str, count: int) -> list[float]:
    """Return the milliseconds of each input, and at last of Check, in a fresh page."""
    set_language("en")
    chance = random.Random(slug)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(
            f"<!doctype html><meta charset=utf-8><style>{book_style()}</style>"
            f"{activity(slug, folder)._html()}<script>{book_script()}</script>",
            encoding="utf-8",
        )
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.goto(file.as_uri())
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        found = (page.evaluate(USE, chance.random()) for _ in range(count))
        times = [each for each in found if each is not None]
        times.append(page.evaluate(CHECK))
        page.close()
    return times


if __name__ == "__main__":
    sys.exit(main())
