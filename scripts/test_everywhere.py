"""Run the tests on all that this machine has: every Python, and the wheel where only it is.

Usage: test_everywhere.py --pythons "3.11 3.12 3.13" [-- PYTEST ARGUMENTS]

All tests run on the Python that runs this program. After they passed, those that are not marked
slow run on the other Pythons that are found, each in an environment of its own (.venv-3.12 …), side
by side: a machine of two cores is done with both in the time of one.
The environment .venv-installed holds the locked needs and the wheel, nothing else; tests find
it through the fixture `installed`. What is missing is said in pytest's summary.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
    tried = {} if code else {version: path for version, path in found.items() if path}
    for version, python in tried.items():
        environment.make(_folder(version), python, ROOT / "requirements" / "dev.txt", "editable")
    with ThreadPoolExecutor(max(len(tried), 1)) as pool:
        codes = pool.map(lambda version: _quick(version, asked.arguments, env), tried)
        ended = dict(zip(tried, codes, strict=True))
    for version, path in found.items():
        if version in ended:
            said.append(f"Python {version}, quick tests: {_word(ended[version])}")
        else:
            why = "not tried, since the tests above failed" if path else "not found"
            said.append(f"Python {version}: {why}")
    code = code or next((other for other in ended.values() if other), 0)
    print("\n" + "\n".join(said))
    sys.exit(code)


def _folder(version: str) -> Path:
    return ROOT / f".venv-{version}"


def _quick(version: str, arguments: list[str], env: dict[str, str]) -> int:
    """Run what is not slow on another Python, each line of it headed by the version."""
    command = [str(_folder(version) / "bin" / "python"), "-m", "pytest", "-q"]
    # Side by side they must not share the files in which pytest keeps what failed last.
    command += ["-m", "not soak and not slow", "-o", f"cache_dir=.pytest_cache/{version}"]
    with subprocess.Popen(
        [*command, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            print(f"{version} | {line}", end="", flush=True)
    return 0 if process.returncode == NO_TESTS_RAN and arguments else process.returncode


def _word(code: int) -> str:
    return "passed" if code == 0 else f"failed (exit code {code})"


if __name__ == "__main__":
    main()
