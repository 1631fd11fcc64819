"""Run the tests on all that this machine has: every Python, and the wheel where only it is.

Usage: test_everywhere.py --pythons "3.11 3.12 3.13" [-- PYTEST ARGUMENTS]

All tests run on the Python that runs this program, those in a browser last. Beside these, which
mostly wait for pages, run the tests that are not marked slow on the other Pythons that are found,
each in an environment of its own (.venv-3.12 …).
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
BROWSER = "browser"


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
    here_first = [sys.executable, "-m", "pytest", "-m", "not soak and not browser"]
    code = subprocess.run([*here_first, *asked.arguments], env=env).returncode
    code = 0 if code == NO_TESTS_RAN and asked.arguments else code
    said = [f"Python {here}, all tests but those in a browser: {_word(code)}"]
    tried = {} if code else {version: path for version, path in found.items() if path}
    for version, python in tried.items():
        environment.make(_folder(version), python, ROOT / "requirements" / "dev.txt", "editable")
    runs = {version: (_python(version), "not soak and not slow") for version in tried}
    if not code:
        runs = {BROWSER: (sys.executable, "not soak and browser"), **runs}
    with ThreadPoolExecutor(max(len(runs), 1)) as pool:
        codes = pool.map(lambda name: _run(name, *runs[name], asked.arguments, env), runs)
        ended = dict(zip(runs, codes, strict=True))
    if BROWSER in ended:
        said.append(f"Python {here}, tests in a browser: {_word(ended[BROWSER])}")
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


def _python(version: str) -> str:
    return str(_folder(version) / "bin" / "python")


def _run(name: str, python: str, chosen: str, arguments: list[str], env: dict[str, str]) -> int:
    """Run the chosen tests beside others, each line of theirs headed by a name."""
    # Side by side they must not share the files in which pytest keeps what failed last.
    command = [python, "-m", "pytest", "-q", "-m", chosen, "-o", f"cache_dir=.pytest_cache/{name}"]
    with subprocess.Popen(
        [*command, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            print(f"{name} | {line}", end="", flush=True)
    return 0 if process.returncode == NO_TESTS_RAN and arguments else process.returncode


def _word(code: int) -> str:
    return "passed" if code == 0 else f"failed (exit code {code})"


if __name__ == "__main__":
    main()
