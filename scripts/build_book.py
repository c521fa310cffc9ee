"""Build both editions of the book, strictly: any warning fails the build.

The result is ``_build/html/en``, ``_build/html/zh-Hant`` and a landing page ``_build/html/index.html``.
Nothing is done when no input has changed since the last successful build.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
DOWNLOADS = BUILD / "downloads"
STAMP = BUILD / "book-stamp.txt"
EDITIONS = ("en", "zh-Hant")

#: Everything that the book is made from.
INPUTS = (
    "_config.yml",
    "_config.zh-Hant.yml",
    "_toc.yml",
    "_toc.zh-Hant.yml",
    "LICENSE",
    "README.md",
    "book",
    "datasets",
    "exercises",
    "notebooks",
    "pyproject.toml",
    "requirements.txt",
    "scripts/build_book.py",
    "src",
)
#: What tools leave behind in those folders, and what is built by a command of its own.
LEFT_OUT = (
    "__pycache__",
    ".ipynb_checkpoints",
    "answers",
    "autograded",
    "feedback",
    "instructor",
    "release",
    "submitted",
)

TOOLS = ("jupyter_book", "hatchling", "latex2mathml", "sphinxcontrib.bibtex", "csqm")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class BuildError(Exception):
    """The book cannot be built; the message says why and what to do."""


def main() -> int:
    """Build what the command line asks for; return the exit status."""
    arguments = parse_arguments()
    started = time.monotonic()
    try:
        check_tools()
        state = fingerprint(arguments.hub)
        if not arguments.force and STAMP.exists() and STAMP.read_text() == state:
            print(f"The book is up to date: {landing_page()}")
            return 0
        STAMP.unlink(missing_ok=True)
        make_downloads()
        build_editions(arguments)
        shutil.copy(ROOT / "book" / "_templates" / "landing.html", HTML / "index.html")
    except BuildError as error:
        print(f"\nThe book was not built. {error}", file=sys.stderr)
        return 1
    # only now: an interrupted or failed build has no stamp and is done again
    STAMP.write_text(state)
    print(f"Built both editions in {time.monotonic() - started:.0f} s: {landing_page()}")
    return 0


def parse_arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        description="Build both editions of the book into _build/html.",
        epilog="The English edition alone, with warnings allowed, after one run of this script (which "
        "makes the files offered for download): jupyter-book build . --path-output _build/alone",
    )
    parser.add_argument("--force", action="store_true", help="build from nothing")
    parser.add_argument(
        "--hub",
        metavar="URL",
        default="",
        help="add a button to each lab that opens it on this JupyterHub, e.g. "
        "https://hub.example.org; users' home folders there must hold the folder notebooks/",
    )
    return parser.parse_args()


def check_tools(needed: tuple[str, ...] = TOOLS) -> None:
    """Stop with advice when this Python lacks what the build needs."""
    for module in needed:
        if importlib.util.find_spec(module) is None:
            raise BuildError(
                f"The package {module} is missing in this Python ({sys.executable}). Run `make book`, "
                "or `python scripts/setup.py` and then this script with the Python in .venv."
            )


def landing_page() -> str:
    """Return the path of the page to open, from the root of the repository."""
    return (HTML / "index.html").relative_to(ROOT).as_posix()


def fingerprint(hub: str) -> str:
    """Return a hash of all inputs: equal hashes mean that the book is up to date."""
    digest = hashlib.sha256(f"{sys.version}\0{hub}".encode())
    for path in input_files():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def input_files() -> list[Path]:
    """Return the files that the book is made from."""
    files = []
    for name in INPUTS:
        path = ROOT / name
        found = path.rglob("*") if path.is_dir() else [path]
        files += [
            file
            for file in found
            if file.is_file()
            and file.suffix not in (".mo", ".db")
            and not set(file.relative_to(ROOT).parts) & set(LEFT_OUT)
        ]
    return sorted(files)


def make_downloads() -> None:
    """Make the wheel, the labs and the assignments that pages offer for download."""
    from csqm.course.release import make_release

    shutil.rmtree(DOWNLOADS, ignore_errors=True)
    DOWNLOADS.mkdir(parents=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(DOWNLOADS)]
    run(command, "The csqm wheel could not be made")
    for edition in EDITIONS:
        folder = DOWNLOADS / edition
        folder.mkdir()
        for lab in sorted((ROOT / "notebooks" / edition).glob("*.ipynb")):
            # its own name: the assignment's notebook has that of the part already
            shutil.copy(lab, folder / f"lab-{lab.name}")
        for part in sorted((ROOT / "exercises" / edition / "source").glob("*/")):
            make_release(edition, part.name, folder)


def run(command: list[str], failure: str) -> None:
    """Run a command quietly; stop with its output when it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{failure}:\n{done.stdout}{done.stderr}")


def build_editions(arguments: argparse.Namespace) -> None:
    """Run Jupyter Book for each edition; show what one that fails complains of.

    One after the other: kernels of two programs that start at the same time can be given the same
    port, and then hear each other's messages.
    """
    failed = []
    for edition in EDITIONS:
        process, log = start_build(edition, arguments)
        if process.wait():
            failed.append(edition)
            print(complaints(log), file=sys.stderr)
            # pages once read, and notebooks once run, would not complain again, or for ever
            shutil.rmtree(BUILD / edition / "_build" / ".doctrees", ignore_errors=True)
            shutil.rmtree(BUILD / "cache" / edition, ignore_errors=True)
    if failed:
        logs = ", ".join(f"_build/{edition}/build.log" for edition in failed)
        raise BuildError(f"See the warnings above; all that was said is in {logs}.")
    for edition in EDITIONS:
        shutil.rmtree(HTML / edition, ignore_errors=True)
        shutil.copytree(BUILD / edition / "_build" / "html", HTML / edition)


def complaints(log: Path) -> str:
    """Return the warnings and errors in a log, or its end when it names none."""
    lines = COLOURS.sub("", log.read_text(encoding="utf-8")).splitlines()
    found = [line for line in lines if re.search(r"WARNING:|ERROR:|\b\w*(Error|Exception): ", line)]
    return "\n".join(found or lines[-20:])


def start_build(edition: str, arguments: argparse.Namespace) -> tuple[subprocess.Popen, Path]:
    """Start Jupyter Book for one edition; return the process and its log."""
    output = BUILD / edition
    output.mkdir(parents=True, exist_ok=True)
    # Sphinx leaves pages that are no longer in the book; it writes all again from what it has read
    shutil.rmtree(output / "_build" / "html", ignore_errors=True)
    log = output / "build.log"
    toc = ROOT / ("_toc.yml" if edition == "en" else f"_toc.{edition}.yml")
    config = write_config(edition, arguments.hub)
    extra = ["--all"] if arguments.force else []
    return run_jupyter_book(output, config, toc, log, *extra), log


def run_jupyter_book(
    output: Path, config: Path, toc: Path, log: Path, *extra: str
) -> subprocess.Popen:
    """Start Jupyter Book, strictly, on the pages that a table of contents names."""
    command = [
        *(sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."),
        *("-W", "-n", "--keep-going", "--path-output", str(output)),
        *("--config", str(config), "--toc", str(toc), *extra),
    ]
    with log.open("w", encoding="utf-8") as file:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUTF8": "1"},
        )


def write_config(edition: str, hub: str) -> Path:
    """Write the edition's configuration for Jupyter Book to read."""
    import yaml

    config = edition_config(edition)
    config["sphinx"]["config"]["csqm_hub"] = hub
    path = BUILD / edition / "_config.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def edition_config(edition: str) -> dict:
    """Return the edition's configuration: the shared one with the edition's own on top."""
    import yaml

    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    own = ROOT / f"_config.{edition}.yml"
    if own.exists():
        merge(config, yaml.safe_load(own.read_text(encoding="utf-8")))
    # paths of extensions count from the configuration file, which moves to another folder
    extensions = config["sphinx"]["local_extensions"]
    extensions.update({name: str(ROOT / path) for name, path in extensions.items()})
    return config


def merge(base: dict, changes: dict) -> None:
    """Put ``changes`` into ``base``, going into dictionaries that both have."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


if __name__ == "__main__":
    sys.exit(main())
