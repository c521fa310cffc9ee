"""The data are what the generator makes, match their dictionary, and are refused when they do not."""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_helpers import DATASETS, page_halves
from frictionless import Package, validate

from csqm import data, text
from csqm.data import DataError, dictionary, labels, load, read

PACKAGE = json.loads((DATASETS / "datapackage.json").read_text(encoding="utf-8"))
NAMES = [resource["name"] for resource in PACKAGE["resources"]]
FIELDS = [
    pytest.param(resource["name"], field, id=f"{resource['name']}.{field['name']}")
    for resource in PACKAGE["resources"]
    for field in resource["schema"]["fields"]
]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(DATASETS, tmp_path / "datasets"))


def generate(folder, *options):
    command = [sys.executable, str(folder / "generate.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# ---- the generator -------------------------------------------------------------------------------


def test_files_are_exactly_what_the_generator_makes(copy):
    assert generate(copy, "--check").returncode == 0
    for path in copy.glob("*.csv"):
        path.unlink()
    assert generate(copy, "--check").returncode == 1
    assert generate(copy).returncode == 0
    assert sorted(path.name for path in copy.glob("*.csv")) == sorted(f"{n}.csv" for n in NAMES)
    for name in NAMES:
        assert (copy / f"{name}.csv").read_bytes() == (DATASETS / f"{name}.csv").read_bytes()


def test_check_names_the_changed_file_and_leaves_it(copy):
    path = copy / "employee_survey.csv"
    changed = path.read_text(encoding="utf-8").replace("E001,dispatch", "E001,quality", 1)
    path.write_text(changed, encoding="utf-8", newline="\n")
    result = generate(copy, "--check")
    assert result.returncode == 1
    assert "employee_survey.csv" in result.stderr and "process_steps.csv" not in result.stderr
    assert path.read_text(encoding="utf-8") == changed


def halves(name):
    """Return the English and the Chinese half of the page of a data set, and the tables' rows."""
    texts = page_halves(name)
    assert not re.search("[一-鿿]", texts[0]) and "。" in texts[1]
    for half in texts:
        yield (
            half,
            {
                match[1]: [cell.strip() for cell in match[2].strip(" |").split("|")]
                for match in re.finditer(r"^\| `(\w+)`[^|]*\|(.*)$", half, re.MULTILINE)
            },
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_has_its_page_and_its_line(name):
    assert len(list(halves(name))) == 2
    readme = (DATASETS / "README.md").read_text(encoding="utf-8")
    assert readme.count(f"[{name}.md]({name}.md)") == 2
    rows = len(load(name))
    assert readme.count(f"| `{name}.csv` | {rows:,} |") == 2


def test_the_page_gives_the_true_values_of_the_survey(maker):
    survey = maker("employee_survey")
    for half, rows in halves("employee_survey"):
        for item, values in survey.ITEMS.items():
            assert tuple(map(float, rows[item])) == values
        for name, values in survey.DEPARTMENTS.items():
            assert tuple(map(float, rows[name])) == values
        others = [survey.NIGHT, survey.NIGHT_DISPATCH, survey.UNIQUE_SD]
        others += [survey.BREAK_OFF, *survey.DEPARTMENT_ITEMS.values()]
        for value in others:
            assert str(value) in half


def test_the_page_gives_the_true_values_of_the_processes(maker):
    processes = maker("process_steps")
    for half, rows in halves("process_steps"):
        for process, steps in processes.STEPS.items():
            yields = [true_yield for *_, true_yield in steps]
            assert list(map(float, rows[process][0].split(","))) == yields
            assert rows[process][1] == f"{math.prod(yields):.4f}"
        for units in processes.UNITS.values():
            assert f"{units:,}" in half or str(units) in half


def test_the_company_is_as_described(maker):
    survey = load("employee_survey", missing="keep")
    departments = maker("employee_survey").DEPARTMENTS.items()
    people = {name: people for name, (people, _, _) in departments}
    assert survey["department"].value_counts().to_dict() == people
    assert len(survey) == 180
    steps = load("process_steps")
    assert (steps["right_first_time"] <= steps["units_in"]).all()
    for process, group in steps.groupby("process"):
        assert group["step"].tolist() == list(range(1, len(group) + 1))
        assert group["units_in"].unique().tolist() == [maker("process_steps").UNITS[process]]
        # Who receives a step does the next one, or stays out of the company's hands.
        pairs = zip(group["received_by"][:-1], group["done_by"][1:], strict=True)
        assert all(received == done or received == "passenger" for received, done in pairs)


def test_observed_yields_are_near_the_true_ones(maker):
    steps = load("process_steps")
    true = [
        true_yield for group in maker("process_steps").STEPS.values() for *_, true_yield in group
    ]
    observed = steps["right_first_time"] / steps["units_in"]
    error = np.sqrt(np.multiply(true, np.subtract(1, true)) / steps["units_in"])
    assert (abs(observed - true) < 3 * error).all()


def test_no_answer_occurs_about_as_often_as_stated(maker):
    truth = maker("employee_survey")
    survey = load("employee_survey", missing="keep")
    for position, (item, (_, _, chance)) in enumerate(truth.ITEMS.items()):
        if position >= 2:
            chance = 1 - (1 - chance) * (1 - truth.BREAK_OFF)
        count = (survey[item] == 9).sum()
        assert abs(count - 180 * chance) < 3.5 * math.sqrt(180 * chance * (1 - chance)), item


# ---- the dictionary ------------------------------------------------------------------------------


def test_package_and_files_are_valid_for_frictionless():
    report = validate(str(DATASETS / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
    assert [resource.name for resource in Package(str(DATASETS / "datapackage.json")).resources]


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_every_field_is_described_in_both_languages(name, field):
    for key in ("title", "description"):
        assert field[key].strip() and re.search("[一-鿿]", field[f"{key}_zh-Hant"])
        assert not re.search("[一-鿿]", field[key])
    assert ("unit" in field) == ("unit_zh-Hant" in field)
    codes = {**field.get("labels", {}), **field.get("missingLabels", {})}
    assert all(set(label) == set(text.LANGUAGES) for label in codes.values())
    assert list(map(str, field["constraints"].get("enum", []))) == list(field.get("labels", {}))
    assert field.get("missingValues", []) == list(field.get("missingLabels", {}))


def test_dictionary_speaks_both_languages():
    for name in NAMES:
        english, _ = dictionary(name), text.set_language("zh-Hant")
        chinese, _ = dictionary(name), text.set_language("en")
        assert english.columns.tolist() == ["column", "title", "meaning", "codes", "unit"]
        assert english["column"].tolist() == load(name).columns.tolist()
        assert english["column"].equals(chinese["column"])
        for column in ("title", "meaning"):
            assert not english[column].str.contains("[一-鿿]").any()
            assert chinese[column].str.contains("[一-鿿]").all()
    pay = dictionary("employee_survey").set_index("column").loc["q5_pay"]
    assert pay["codes"].endswith("5 = very satisfied, 9 = no answer")


def test_labels_speak_both_languages():
    answers = labels("employee_survey", "q7_leaving")
    assert list(answers) == [1, 2, 3, 4, 5]
    assert answers[5] == "strongly agree"
    assert labels("employee_survey", "department")["safety"] == "Safety office"
    text.set_language("zh-Hant")
    assert labels("employee_survey", "q7_leaving")[5] == "非常同意"
    assert labels("process_steps", "received_by")["passenger"] == "乘客"


# ---- loading -------------------------------------------------------------------------------------


def test_missing_codes_become_nan_or_stay():
    blank, kept = load("employee_survey"), load("employee_survey", missing="keep")
    items = [column for column in kept if column.startswith("q")]
    assert kept[items].dtypes.eq("int64").all() and blank[items].dtypes.eq("float64").all()
    assert (kept[items] == 9).sum().sum() == blank[items].isna().sum().sum() > 0
    pd.testing.assert_frame_equal(blank[items], kept[items].astype(float).replace(9, math.nan))
    assert blank["tenure_years"].dtype == "int64"
    assert (kept["tenure_years"] == 9).any(), "nine years of service are not a missing code"


def test_a_loaded_table_may_be_changed():
    survey = load("employee_survey")
    survey.loc[0, "department"] = "nowhere"
    assert load("employee_survey").loc[0, "department"] != "nowhere"


def survey_with(tmp_path, change, name="employee_survey"):
    """Write a copy of the survey in which a function changed the list of lines."""
    lines = (DATASETS / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8", newline="\n")
    return path


def cell(row, column, value):
    """Return a change of one cell; the header is row 1."""

    def change(lines):
        parts = lines[row - 1].split(",")
        parts[lines[0].split(",").index(column)] = value
        return [*lines[: row - 1], ",".join(parts), *lines[row:]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines,
        lambda lines: ["\ufeff" + lines[0], *lines[1:]],
        lambda lines: [line + "\r" for line in lines],
        lambda lines: [",".join(reversed(line.split(","))) for line in lines],
        lambda lines: [*lines, "", ""],
    ],
    ids=["same", "byte order mark", "Windows line ends", "other order", "blank lines at the end"],
)
def test_a_file_of_ones_own_is_read(tmp_path, change):
    pd.testing.assert_frame_equal(
        read(survey_with(tmp_path, change), "employee_survey"), load("employee_survey")
    )


# A change of the file, the row, the column, the value and what the message says is allowed.
WRONG_CELLS = [
    ("q5_pay", 14, "7", "1, 2, 3, 4, 5, 9 for no answer"),
    ("q5_pay", 14, "0", "1, 2, 3, 4, 5"),
    ("q1_company", 2, "4.0", "1, 2, 3, 4, 5"),
    ("q1_company", 181, " 4", "1, 2, 3, 4, 5"),
    ("q7_leaving", 3, "agree", "1, 2, 3, 4, 5"),
    ("department", 5, "Dispatch", "dispatch, driver_services"),
    ("shift", 6, "evening", "day, night"),
    ("tenure_years", 7, "-1", "whole numbers from 0 to 50"),
    ("tenure_years", 7, "51", "whole numbers from 0 to 50"),
    ("tenure_years", 7, "3.5", "whole numbers from 0 to 50"),
    ("tenure_years", 7, "1e3", "whole numbers from 0 to 50"),
    ("employee_id", 8, "X008", "E[0-9]{3}"),
]


@pytest.mark.parametrize(("column", "row", "value", "allowed"), WRONG_CELLS)
def test_a_wrong_cell_is_named(tmp_path, column, row, value, allowed):
    path = survey_with(tmp_path, cell(row, column, value))
    with pytest.raises(DataError) as caught:
        read(path, "employee_survey")
    message = str(caught.value)
    assert "mine.csv" in message and "1 found" in message
    line = message.splitlines()[1]
    assert line.startswith(f"Row {row}, column {column}: the value is {value!r}. Allowed: ")
    assert allowed in line
    assert 'dictionary("employee_survey")' in message.splitlines()[-1]


@pytest.mark.parametrize(("column", "row", "value", "allowed"), WRONG_CELLS)
def test_a_wrong_cell_is_named_in_chinese(tmp_path, column, row, value, allowed):
    text.set_language("zh-Hant")
    with pytest.raises(DataError) as caught:
        read(survey_with(tmp_path, cell(row, column, value)), "employee_survey")
    message = str(caught.value)
    assert f"第 {row} 列，{column} 欄：值為 {value!r}。可用的值：" in message
    known = r"mine\.csv|employee_survey|dictionary|[a-z]\w*_\w+|[XE]\w*|\[0-9\]|1e3"
    rest = re.sub(rf"{known}|{column}|{re.escape(value)}", "", message)
    codes = "|".join(labels("employee_survey", "department")) + "|day|night"
    assert not re.search("[A-Za-z]{2}", re.sub(codes, "", rest)), message


@pytest.mark.parametrize(("column", "row", "value", "allowed"), WRONG_CELLS[:6])
def test_frictionless_finds_the_same_cell(copy, column, row, value, allowed):
    path = copy / "employee_survey.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(cell(row, column, value)(lines)) + "\n", encoding="utf-8")
    errors = validate(str(copy / "datapackage.json")).flatten(["rowNumber", "fieldName"])
    if value == " 4":  # frictionless strips blanks from numbers; we do not
        assert errors == []
    else:
        assert errors == [[row, column]]


def test_a_blank_cell_is_named(tmp_path):
    with pytest.raises(DataError, match="Row 4, column q2_image: the cell is blank"):
        read(survey_with(tmp_path, cell(4, "q2_image", "")), "employee_survey")


def test_a_repeated_key_is_named(tmp_path):
    with pytest.raises(DataError, match="Row 9, column employee_id: the value 'E001' is there"):
        read(survey_with(tmp_path, cell(9, "employee_id", "E001")), "employee_survey")
    path = survey_with(tmp_path, cell(3, "step", "1"), "process_steps")
    with pytest.raises(DataError, match=r"Row 3, column process \+ step: the value 'ride 1'"):
        read(path, "process_steps")


def test_blank_lines_do_not_shift_the_row_numbers(tmp_path):
    path = survey_with(tmp_path, lambda lines: cell(9, "shift", "x")([lines[0], "", *lines[1:]]))
    with pytest.raises(DataError, match="Row 9, column shift"):
        read(path, "employee_survey")


def test_ten_problems_are_listed_in_the_order_of_the_rows(tmp_path):
    def change(lines):
        for row in range(40, 20, -1):
            lines = cell(row, "q3_interest", "8")(lines)
        return cell(2, "shift", "noon")(lines)

    with pytest.raises(DataError) as caught:
        read(survey_with(tmp_path, change), "employee_survey")
    lines = str(caught.value).splitlines()
    assert lines[0] == "mine.csv does not match the data dictionary (21 found)."
    rows = [int(re.match(r"Row (\d+)", line)[1]) for line in lines[1:11]]
    assert rows == [2, *range(21, 30)]
    assert lines[11] == "… and 11 more."
    assert len(lines) == 13


HEADERS = {
    "absent": (lambda h: [*h[:-1]], "column q7_leaving is missing"),
    "unknown": (lambda h: [*h, "age"], "column 'age' is not in the data dictionary"),
    "misspelt": (lambda h: ["id", *h[1:]], "column 'id' is not in the data dictionary"),
    "twice": (lambda h: [*h, "shift"], "column shift occurs more than once"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_wrong_header_is_named(tmp_path, case):
    make, message = HEADERS[case]
    path = survey_with(tmp_path, lambda lines: [",".join(make(lines[0].split(","))), *lines[1:]])
    with pytest.raises(DataError, match=message):
        read(path, "employee_survey")


@pytest.mark.parametrize(("extra", "count"), [(",4", 12), ("", 10)])
def test_a_row_of_other_width_is_named(tmp_path, extra, count):
    def change(lines):
        line = lines[6] + extra if extra else lines[6].rpartition(",")[0]
        return [*lines[:6], line, *lines[7:]]

    with pytest.raises(DataError, match=f"Row 7: it has {count} cells. Allowed: 11"):
        read(survey_with(tmp_path, change), "employee_survey")


FILES = {
    "not there": (None, "cannot be opened"),
    "empty": (b"", "no rows of data"),
    "only a header": (b"process,step\n", "no rows of data"),
    "Big5": ("部門,派車中心\n1,2\n".encode("big5"), "not UTF-8"),
    "a spreadsheet": (b"PK\x03\x04\xff\xfe\x00", "not UTF-8"),
    "an open quotation mark": (b'process,step\nride,"1\n', "row 2.*not readable as CSV"),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("language", text.LANGUAGES)
def test_an_unreadable_file_is_refused(tmp_path, case, language):
    text.set_language(language)
    content, message = FILES[case]
    path = tmp_path / "mine.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message if language == "en" else "mine.csv"):
        read(path, "process_steps")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError):
        read(tmp_path, "process_steps")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load("passengers"), "no data set 'passengers'.*employee_survey, process_steps"),
        (lambda: dictionary(""), "no data set ''"),
        (lambda: labels("employee_survey", "q9"), "no column 'q9'.*q5_pay"),
        (lambda: labels("employee_survey", "tenure_years"), "'tenure_years' holds no codes"),
        (lambda: load("employee_survey", missing="drop"), "`missing`.*'drop'"),
    ],
)
def test_wrong_names_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_message_of_the_module_is_used():
    source = Path(data.__file__).read_text(encoding="utf-8")
    entries = tomllib.loads(
        (Path(data.__file__).parent / "messages" / "data.toml").read_text(encoding="utf-8")
    )
    assert [entry for entry in entries if f'"{entry}"' not in source.replace("data.", "")] == []


def test_the_wheel_brings_data_fonts_and_messages_along(tmp_path):
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run([sys.executable, *build], cwd=DATASETS.parent, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("csqm-*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")
    # Trainees install this: how the data of the capstone were made must not be in it.
    brought = (tmp_path / "installed" / "csqm" / "datasets").rglob("capstone*")
    capstone = {f"{name}.csv" for name in NAMES if name.startswith("capstone")}
    assert {path.name for path in brought} == capstone and len(capstone) == 4
    program = (
        "import csqm, csqm.data, csqm.plots, pathlib\n"
        "print(pathlib.Path(csqm.__file__).parents[1], csqm.data._folder().parts[-2:])\n"
        "print(len(csqm.data.load('employee_survey')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split("\n")[:2] == [
        f"{tmp_path / 'installed'} ('csqm', 'datasets')",
        "180",
    ]


def test_importing_the_package_is_quick():
    program = (
        "import sys, csqm, csqm.text; print({'numpy', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
