"""Drivers that give an answer to an activity by the keyboard alone, one for each kind.

A driver takes a page, the activity's frame, its content and two answers: the one that the frame
shows and the one that it shall show. It changes only the controls in which the two differ.
"""

from playwright.sync_api import Locator, Page

from csqm.activities.kinds.map import TICKS

WAY = """(node) => {
    const here = document.activeElement;
    if (node === here) return '';
    const behind = here.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_PRECEDING;
    return behind ? 'Shift+Tab' : 'Tab';
}"""
TABS = 400  # more presses than any activity has controls


def focus_before(frame: Locator) -> None:
    """Put the focus on the activity's place in the page, as reading on with Tab would."""
    frame.evaluate(
        """(frame) => {
            const start = document.createElement('span');
            start.tabIndex = -1;
            frame.before(start);
            start.focus();
            start.onblur = () => start.remove();
        }"""
    )


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab, or Shift and Tab where the target lies behind, until it has the focus."""
    node = target.element_handle()
    for _ in range(TABS):
        way = node.evaluate(WAY)
        if not way:
            return
        page.keyboard.press(way)
    raise AssertionError(f"not reached with the Tab key: {target}")


def check(page: Page, frame: Locator) -> None:
    """Press the button Check."""
    tab_to(page, frame.locator(".csqm-primary"))
    page.keyboard.press("Enter")
    frame.locator(".csqm-feedback").wait_for()


def choose(page: Page, select: Locator, value: str) -> None:
    """Move from the chosen option of a list to another with the arrows."""
    tab_to(page, select)
    there, wanted = select.evaluate(
        """(select, value) => [select.selectedIndex,
            [...select.options].findIndex((option) => option.value === value)]""",
        value,
    )
    for _ in range(abs(wanted - there)):
        page.keyboard.press("ArrowDown" if wanted > there else "ArrowUp")


def pick(page: Page, radios: Locator, place: int) -> None:
    """Choose one of a group of radio buttons: Tab enters the group, arrows move in it."""
    chosen = radios.evaluate_all("(nodes) => nodes.findIndex((node) => node.checked)")
    tab_to(page, radios.nth(max(chosen, 0)))
    if chosen < 0:
        page.keyboard.press("Space")
    steps = place - max(chosen, 0)
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")


def tick(page: Page, box: Locator, wanted: bool) -> None:
    """Tick a box, or take the tick away."""
    if box.is_checked() != wanted:
        tab_to(page, box)
        page.keyboard.press("Space")


def write(page: Page, field: Locator, text: str) -> None:
    """Type in place of what the field holds."""
    tab_to(page, field)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def quiz(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Answer the questions."""
    for number, question in enumerate(content["questions"]):
        wanted = new["choices"].get(question["id"])
        if wanted != old["choices"].get(question["id"]):
            radios = frame.locator(".csqm-question").nth(number).locator("input")
            pick(page, radios, places(question["options"])[wanted])


def sorter(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Put each card into its bin by the list on it."""
    for card in content["cards"]:
        wanted = new["places"].get(card["id"])
        if wanted != old["places"].get(card["id"]):
            item = frame.locator(".csqm-card", has=page.get_by_text(card["text"], exact=True))
            choose(page, item.locator("select"), wanted)


def explorer(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Set the inputs, a slider by the number beside it."""
    for entry in content["inputs"]:
        wanted = new["inputs"].get(entry["id"], entry["start"])
        if wanted == old["inputs"].get(entry["id"], entry["start"]):
            continue
        control = frame.get_by_label(name_of(entry), exact=True)
        if entry["as"] == "tick":
            tick(page, control, wanted)
        elif entry["as"] == "choice":
            choose(page, control, wanted)
        else:
            write(page, control, str(wanted))


def matrix(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Choose in each cell by typing, since the arrows move between cells, and set the counters."""
    for number, row in enumerate(content["rows"]):
        selects = frame.locator(".csqm-grid tbody tr").nth(number).locator("select")
        there, wanted = (each["cells"].get(row["id"], {}) for each in (old, new))
        for place, column in enumerate(content["columns"]):
            choice = wanted.get(column["id"])
            if choice != there.get(column["id"]):
                tab_to(page, selects.nth(place))
                page.keyboard.type(beginning(selects.nth(place), choice))
    counts = new.get("counts", {})
    if counts != old.get("counts", {}):
        fields = frame.locator(".csqm-counters input")
        for place, count in enumerate(counts.values()):
            write(page, fields.nth(place), str(count))


def beginning(select: Locator, value: str) -> str:
    """Return so many letters of an option as tell it from the others of its list."""
    wanted, others = select.evaluate(
        """(select, value) => {
            const [mine, rest] = [true, false].map((is) =>
                [...select.options].filter((each) => (each.value === value) === is));
            return [mine[0].text, rest.map((each) => each.text)];
        }""",
        value,
    )
    starts = (wanted[:size] for size in range(1, len(wanted) + 1))
    return next(start for start in starts if not any(each.startswith(start) for each in others))


def form(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Fill the fields, in a form of several pages after turning to the right one."""
    for number, section in enumerate(content["sections"]):
        node = frame.locator(".csqm-form-section").nth(number)
        for place, field in enumerate(section["fields"]):
            key = f"{section['id']}.{field['id']}"
            if new["values"].get(key) == old["values"].get(key):
                continue
            if node.is_hidden():
                tab_to(page, frame.locator(".csqm-form-tab").nth(number))
                page.keyboard.press("Enter")
            enter(page, node.locator(".csqm-form-field").nth(place), field, new["values"][key])


def enter(page: Page, node: Locator, field: dict, value: object) -> None:
    """Fill one field of a form."""
    inputs = node.locator("input, select, textarea")
    match field["input"]:
        case "ticks":
            for box in inputs.all():
                tick(page, box, box.get_attribute("value") in value)
        case "choice":
            pick(page, inputs, [each.get_attribute("value") for each in inputs.all()].index(value))
        case "select":
            choose(page, inputs, value)
        case "date":
            year, month, day = value.split("-")
            tab_to(page, inputs)
            page.keyboard.type(month + day + year)  # as Chromium asks for it in English
        case _:
            write(page, inputs, str(value))


def map_(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Select each actor and fill its fields."""
    for number, actor in enumerate(content["actors"]):
        wanted = new["actors"].get(actor["id"])
        if wanted == old["actors"].get(actor["id"]):
            continue
        tab_to(page, frame.locator(".csqm-chip").nth(number))
        page.keyboard.press("Enter")
        for place, axis in enumerate(("power", "interest")):
            write(page, frame.locator(".csqm-numbers input").nth(place), str(wanted[axis]))
        for place, name in enumerate(TICKS):
            box = frame.locator(".csqm-ticks input").nth(place)
            tick(page, box, name in wanted.get("ticks", []))
        choose(page, frame.locator(".csqm-plan select"), wanted["plan"])


def chain(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Move each step up to its place and name its customer."""
    order = old["order"] or content["start"]
    for place, step in enumerate(new["order"] or content["start"]):
        number = next(n for n, each in enumerate(content["steps"]) if each["id"] == step)
        text = page.get_by_text(content["steps"][number]["text"], exact=True)
        card = frame.locator(".csqm-step", has=text)
        there = order.index(step)
        if there > place:
            tab_to(page, card.locator(".csqm-movers button").first)
            for _ in range(there - place):
                page.keyboard.press("Enter")
            order = [*order[:place], step, *(each for each in order[place:] if each != step)]
        if new["customers"].get(step) != old["customers"].get(step):
            choose(page, card.locator("select"), new["customers"][step])


def roleplay(page: Page, frame: Locator, content: dict, old: dict, new: dict) -> None:
    """Go on with the conversation."""
    texts = {
        choice["id"]: choice["text"]
        for node in content["nodes"]
        for choice in node.get("choices", [])
    }
    for choice in new["trace"][len(old["trace"]) :]:
        said = page.get_by_text(texts[choice], exact=True)
        tab_to(page, frame.locator(".csqm-choices button").and_(said))
        page.keyboard.press("Enter")


def name_of(entry: dict) -> str:
    """Return the name of an explorer's control."""
    unit = entry.get("unit", "").strip()
    return f"{entry['label']} ({unit})" if unit else entry["label"]


def places(entries: list[dict]) -> dict[str, int]:
    """Return the place of each id in a list of the content."""
    return {entry["id"]: place for place, entry in enumerate(entries)}


DRIVERS = {
    "chain": chain,
    "explorer": explorer,
    "form": form,
    "map": map_,
    "matrix": matrix,
    "quiz": quiz,
    "roleplay": roleplay,
    "sorter": sorter,
}
