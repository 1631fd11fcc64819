"""Run the tests on all that this machine has: every Python, and the wheel where only it is.

Usage: test_everywhere.py --pythons "3.11 3.12 3.13" [-- PYTEST ARGUMENTS]

All tests run on the Python that runs this program. After they passed, those that are not marked
slow run on the other Pythons that are found, each in an environment of its own (.venv-3.12 …).
The environment .venv-installed holds the locked needs and the wheel, nothing else; tests find
it through the fixture `installed`. What is missing is said in pytest's summary.
"""

import argparse
import os
import subprocess
import sys

import environment

ROOT = environment.ROOT
NO_TESTS_RAN = 5


def main() -> None:
    """Make the environments, run the tests and say how each Python did."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pythons", default="3.11 3.12 3.13")
    parser.add_argument("arguments", nargs="*", help="handed to pytest")
    asked = parser.parse_args()
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    others = [version for version in asked.pythons.split() if version != here]
    found = {version: environment.find_python(version) for version in others}

    installed = ROOT / ".venv-installed"
    environment.make(installed, sys.executable, ROOT / "requirements" / "base.txt", "wheel")
    env = {
        **os.environ,
        "CLEW_TEST_INSTALLED": str(installed / "bin" / "python"),
        "CLEW_TEST_MISSING_PYTHONS": " ".join(v for v, path in found.items() if not path),
    }
    code = subprocess.run([sys.executable, "-m", "pytest", *asked.arguments], env=env).returncode
    said = [f"Python {here}, all tests: {_word(code)}"]
    for version, python in found.items():
        if code or not python:
            why = "not found" if not python else "not tried, since the tests above failed"
            said.append(f"Python {version}: {why}")
            continue
        folder = ROOT / f".venv-{version}"
        environment.make(folder, python, ROOT / "requirements" / "dev.txt", "editable")
        quick = ["-m", "pytest", "-q", "-m", "not soak and not slow", *asked.arguments]
        code = subprocess.run([str(folder / "bin" / "python"), *quick], env=env).returncode
        if code == NO_TESTS_RAN and asked.arguments:
            code = 0
        said.append(f"Python {version}, quick tests: {_word(code)}")
    print("\n" + "\n".join(said))
    sys.exit(code)


def _word(code: int) -> str:
    return "passed" if code == 0 else f"failed (exit code {code})"


if __name__ == "__main__":
    main()
