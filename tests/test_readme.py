"""What the README and the set-up promise is so."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import setup as set_up

ROOT = Path(__file__).resolve().parents[1]
READMES = [ROOT / "README.md", ROOT / "README.zh-Hant.md"]


def blocks(path: Path, language: str) -> list[str]:
    """Return the code blocks of a language in a Markdown file."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.S | re.M)


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_every_make_command_is_one(path):
    commands = re.findall(r"^make (\w+)", "\n".join(blocks(path, "sh")), re.M)
    assert {"book", "test", "lab", "grade", "instructor", "help"} == set(commands)
    for command in commands:
        done = subprocess.run(["make", "-n", command], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_python_example_runs(path, tmp_path):
    (example,) = blocks(path, "python")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "0.9415" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_every_path_named_is_there(path):
    text = path.read_text("utf-8")
    named = re.findall(r"\]\(([^):]+)\)", text) + re.findall(
        r"`((?:book|notebooks|exercises|src)/[^`]*)`", text
    )
    assert named
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


def test_the_windows_commands_name_what_is_there():
    (commands,) = blocks(READMES[0], "bat")
    assert blocks(READMES[1], "bat") == [commands]
    for script in re.findall(r"scripts\\(\w+\.py)", commands):
        assert (ROOT / "scripts" / script).exists()
    assert len(commands.strip().split("\n")) == 4


def test_make_without_a_goal_lists_every_command():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    for command in ("book", "lab", "test", "grade"):
        assert f"make {command}" in done.stdout


def test_a_missing_python_is_explained():
    done = subprocess.run(
        ["make", "setup", "PYTHON=python-that-is-not"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "Install Python 3.11 or newer" in done.stdout


def test_an_old_python_is_explained(monkeypatch):
    monkeypatch.setattr(set_up.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(set_up.sys, "argv", ["setup.py"])
    with pytest.raises(SystemExit, match=r"This is Python 3\.9; the course needs 3\.11"):
        set_up.main()


def test_a_missing_sandbox_is_explained(monkeypatch):
    monkeypatch.setattr(set_up.sys, "platform", "linux")
    monkeypatch.setattr(set_up.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install bubblewrap"):
        set_up.install_sandbox()


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_without_a_network_set_up_says_what_to_do(tool, tmp_path):
    """A copy of the set-up in an empty folder, with an index that nobody answers."""
    if tool == "uv" and not shutil.which("uv"):
        fake = tmp_path / "bin" / "uv"  # stands in for a uv that cannot reach its index
        fake.parent.mkdir()
        fake.write_text("#!/bin/sh\necho 'network unreachable' >&2\nexit 2\n")
        fake.chmod(0o755)
    (tmp_path / "scripts").mkdir()
    for name in ("requirements.txt", "pyproject.toml", "scripts/setup.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    path = os.environ["PATH"] if tool == "uv" else "/usr/bin:/bin"
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": os.devnull,
    }
    environment = {**os.environ, **nowhere, "UV_DEFAULT_INDEX": nowhere["PIP_INDEX_URL"]}
    environment.pop("PIP_FIND_LINKS", None)
    environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{path}"
    done = subprocess.run(
        [sys.executable, "scripts/setup.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode != 0
    assert "The packages could not be installed" in done.stderr
    assert not (tmp_path / ".venv" / "csqm-setup.txt").exists(), "a failed set-up must be repeated"


def test_set_up_is_not_repeated_when_nothing_changed(monkeypatch, tmp_path):
    """The stamp holds what the environment depends on: another file content asks for a new set-up."""
    monkeypatch.setattr(set_up, "STAMP", str(tmp_path / "stamp"))
    assert not set_up.up_to_date()
    (tmp_path / "stamp").write_text(set_up.fingerprint())
    monkeypatch.setattr(set_up, "venv_python", lambda: sys.executable)
    assert set_up.up_to_date()
    (tmp_path / "stamp").write_text("something else")
    assert not set_up.up_to_date()


def test_requirements_are_pinned_and_name_no_address():
    lines = (ROOT / "requirements.txt").read_text().split("\n")
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    assert all("==" in line for line in lines if line)
