"""The release version of an assignment: what trainees get, without solutions and hidden tests."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

__all__ = [
    "EXERCISES",
    "NbgraderError",
    "make_course",
    "make_release",
    "run_nbgrader",
    "zip_folder",
]

EXERCISES = Path(__file__).parents[3] / "exercises"


class NbgraderError(RuntimeError):
    """A command of nbgrader failed; the text is what it wrote."""


def make_release(lang: str, part: str, into: Path) -> Path:
    """Make the release version of an assignment by nbgrader, as a zip file.

    The same source gives the same bytes.

    Parameters
    ----------
    lang : {"en", "zh-Hant"}
        Language of the edition.
    part : str
        Slug of the part, as ``"1-customers"``.
    into : Path
        Folder for the zip file; it is made if it does not exist.

    Returns
    -------
    Path
        The file ``assignment-<part>.zip``, which holds the folder ``<part>``.
    """
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        course = make_course(lang, part, Path(temporary) / "course")
        run_nbgrader(course, "generate_assignment", part)
        return zip_folder(course / "release" / part, into / f"assignment-{part}.zip")


def make_course(lang: str, part: str, folder: Path) -> Path:
    """Copy what nbgrader needs for one assignment to a new folder.

    Parameters
    ----------
    lang : {"en", "zh-Hant"}
        Language of the edition.
    part : str
        Slug of the part.
    folder : Path
        The new course; whatever it held is removed.

    Returns
    -------
    Path
        The folder.
    """
    edition = EXERCISES / lang
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(edition / "source" / part, folder / "source" / part)
    shutil.copy(edition / "nbgrader_config.py", folder)
    return folder


def run_nbgrader(course: Path, *arguments: str, check: bool = True) -> str:
    """Run a command of nbgrader in a course.

    Parameters
    ----------
    course : Path
        The folder with ``nbgrader_config.py``.
    *arguments : str
        As on the command line.
    check : bool
        Whether to raise if the command fails.

    Returns
    -------
    str
        What the command wrote.

    Raises
    ------
    NbgraderError
        If the command failed and `check` is true.
    """
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if check and done.returncode:
        raise NbgraderError(done.stdout)
    return done.stdout


def zip_folder(folder: Path, file: Path) -> Path:
    """Pack a folder, under its own name and always with the same bytes.

    Parameters
    ----------
    folder : Path
        What to pack.
    file : Path
        The zip file to write.

    Returns
    -------
    Path
        The zip file.
    """
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = ZipInfo((folder.name / path.relative_to(folder)).as_posix())
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return file
