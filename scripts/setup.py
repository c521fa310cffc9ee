"""Set the course up: a virtual environment in .venv with everything pinned in requirements.txt.

Run by ``make`` or by hand (``python scripts/setup.py``); needs only Python, no package. It does nothing
when nothing changed since the last time. ``--browser`` also sees to the Chromium and the PostgreSQL that tests use,
``--sandbox`` to the bubblewrap in which submissions run when they are graded.

This file avoids recent syntax on purpose: an old Python must get as far as the message that it is too old.
"""

import argparse
import glob
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "csqm-setup.txt")
OLDEST = (3, 11)

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
BROWSER_FOLDERS = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    os.path.join(
        os.environ.get("PROGRAMFILES", ""), "Google", "Chrome", "Application", "chrome.exe"
    ),
]


def stop(message):
    """End with a message that says what happened and what to do."""
    sys.exit("\nSet-up stopped. " + message)


def venv_python():
    """Return the path of the environment's Python."""
    if os.name == "nt":
        return os.path.join(VENV, "Scripts", "python.exe")
    return os.path.join(VENV, "bin", "python")


def fingerprint():
    """Return what the environment depends on, as a hash: a change of it means a new set-up.

    The folder counts too: an environment that was moved still starts the programs of the old place.
    """
    digest = hashlib.sha256((sys.version + ROOT).encode())
    for name in ("requirements.txt", "pyproject.toml", os.path.join("scripts", "setup.py")):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def up_to_date():
    """Tell whether the environment is there and was made from the present files."""
    if not (os.path.exists(STAMP) and os.path.exists(venv_python())):
        return False
    with open(STAMP) as file:
        return file.read() == fingerprint()


def run(command, advice):
    """Run a command; when it fails, stop with the advice."""
    try:
        failed = subprocess.call(command, cwd=ROOT)
    except OSError as error:
        stop(f"{error}\n{advice}")
    if failed:
        stop(advice)


def make_environment():
    """Make .venv and install the pinned packages: with uv when it is there, else with pip."""
    print("Setting up .venv (once; one to three minutes) ...", flush=True)
    if sys.prefix != VENV:  # not from inside: it cannot clear itself
        run(
            [sys.executable, "-m", "venv", "--clear", VENV],
            "Python could not make a virtual environment. On Debian or Ubuntu install the package "
            "python3-venv; elsewhere install Python from python.org; then run the command again.",
        )
    no_packages = (
        "The packages could not be installed; the lines above say why. Without a network, connect and "
        "run the command again. Behind a proxy, set HTTPS_PROXY or give pip your company's index first."
    )
    if shutil.which("uv"):
        installer = ["uv", "pip", "install", "--python", venv_python()]
        install = installer + ["--compile-bytecode", "-r", "requirements.txt"]
    else:
        installer = [venv_python(), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        install = installer + ["-r", "requirements.txt"]
    run(install, no_packages)
    run(installer + ["--no-deps", "--no-build-isolation", "-e", "."], no_packages)
    with open(STAMP, "w") as file:
        file.write(fingerprint())


def find_browser():
    """Return the path of a Chromium or Chrome, or None; CSQM_BROWSER names one by hand."""
    named = os.environ.get("CSQM_BROWSER")
    if named:
        return named
    for name in BROWSERS:
        if shutil.which(name):
            return shutil.which(name)
    for path in BROWSER_FOLDERS:
        if os.path.exists(path):
            return path
    return None


def install_browser():
    """Install Chromium from the system's packages where that can be done without a question."""
    if find_browser():
        return
    advice = (
        "The tests need Chromium or Chrome. Install one (Debian, Ubuntu: sudo apt-get install chromium; "
        "macOS, Windows: Chrome) or name it in the variable CSQM_BROWSER, then run the command again."
    )
    install("chromium", advice)


def install_sandbox():
    """Install bubblewrap, which is for Linux only, where that can be done without a question."""
    if not sys.platform.startswith("linux") or shutil.which("bwrap"):
        return
    install(
        "bubblewrap",
        "Grading runs submissions in a sandbox. Install bubblewrap (Debian, Ubuntu: sudo apt-get install "
        "bubblewrap; Fedora: sudo dnf install bubblewrap), then run the command again.",
    )


def install_database():
    """Install PostgreSQL, which only tests need, where that can be done without a question."""
    found = shutil.which("initdb") or glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if not found and shutil.which("apt-get"):
        install(
            "postgresql",
            "A test compares a gradebook in PostgreSQL with one in SQLite. Install it (Debian, Ubuntu: "
            "sudo apt-get install postgresql), then run the command again.",
        )


def install(package, advice):
    """Install one of the system's packages; when that fails, stop with the advice."""
    if not shutil.which("apt-get"):
        stop(advice)
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print(f"Installing {package} from the system's packages ...", flush=True)
    run(rights + ["apt-get", "update", "-qq"], advice)
    run(
        rights
        + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", package],
        advice,
    )


def main():
    """Set up what the arguments ask for."""
    parser = argparse.ArgumentParser(description="Set up the course in .venv")
    parser.add_argument(
        "--browser", action="store_true", help="also install Chromium and PostgreSQL for the tests"
    )
    parser.add_argument(
        "--sandbox", action="store_true", help="also install bubblewrap for grading (Linux)"
    )
    wanted = parser.parse_args()
    if sys.version_info < OLDEST:
        stop(
            "This is Python {}.{}; the course needs {}.{} or newer. Install it from python.org and run "
            "the command again, e.g. make book PYTHON=python3.12".format(
                *(sys.version_info[:2] + OLDEST)
            )
        )
    if not up_to_date():
        make_environment()
    if wanted.browser:
        install_browser()
        install_database()
    if wanted.sandbox:
        install_sandbox()


if __name__ == "__main__":
    main()
