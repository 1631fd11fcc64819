"""Make the virtual environments of a checkout, on a machine that has nothing but Python.

Usage: environment.py FOLDER --python PYTHON [--requirements FILE] [--editable | --wheel]
       environment.py --find 3.12

With uv where it is there (CLEW_NO_UV=1 leaves it alone), else with pip. All versions come from
requirements/*.txt with their hashes. Where packages come from is for pip's own settings
(environment and files) to say, and uv is told the same. A second call does nothing until the
requirements change. Does not install a Python, and removes no environment but one that its own
Python can't run any more.

Standard library only: it runs before anything is installed.
"""

import argparse
import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = ".clew-stamp"

# What pip calls a setting, and the variable by which uv takes it.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


def find_python(version: str) -> str | None:
    """Find a Python of this version ("3.12") that runs, not just a shim that is on the PATH."""
    for path in _candidates(version):
        code = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
        try:
            # -I: a PYTHONPATH or user site of another version must not decide.
            found = subprocess.run(
                [path, "-I", "-c", code], capture_output=True, text=True, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if found.returncode == 0 and found.stdout.startswith(version + " "):
            return found.stdout.split(maxsplit=1)[1].strip()
    return None


def _candidates(version: str) -> Iterator[str]:
    yield f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(map(str, pyenv.glob(f"versions/{version}.*/bin/python")))
    if uv := shutil.which("uv"):
        found = subprocess.run(
            [uv, "python", "find", "--no-python-downloads", "--no-project", version],
            capture_output=True,
            text=True,
        )
        if found.returncode == 0:
            yield found.stdout.strip()


def pip_settings(python: str) -> dict[str, str]:
    """Read where pip gets packages from: its files, then PIP_* of the environment."""
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True
    ).stdout
    from_files, from_environment = {}, {}
    for line in listed.splitlines():
        name, equals, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if equals and section in ("global", "install"):
            from_files[key] = str(ast.literal_eval(value))
    for name, value in os.environ.items():
        if name.startswith("PIP_") and value:
            key = name.removeprefix("PIP_").lower().replace("_", "-")
            from_environment["timeout" if key == "default-timeout" else key] = value
    return from_files | from_environment


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """Say pip's settings in uv's words; what uv is told already is left as it is."""
    said = {UV_NAMES[name]: value for name, value in settings.items() if name in UV_NAMES}
    # pip takes the best version of all places; uv by default stops at the first place.
    said["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {"UV_NO_PROGRESS": "1", **said, **os.environ}


class Installer:
    """One way to make an environment and fill it: uv where it is there, else pip."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.base = python
        self.python = str(folder / "bin" / "python")
        beside = ROOT / ".venv" / "bin" / "uv"
        self.uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
        if os.environ.get("CLEW_NO_UV"):
            self.uv = None

    def create(self) -> None:
        """Make the empty environment, unless one of this Python is there already."""
        same = _version(self.python) == _version(self.base)
        if same and (self.uv or next(self.folder.glob("lib/*/site-packages/pip"), None)):
            return
        if self.uv:
            self._call(self.uv, "venv", "--quiet", "--clear", "--python", self.base, self.folder)
        else:
            # One that uv made has no pip: venv adds it and leaves the rest.
            clear = [] if same else ["--clear"]
            made = subprocess.run([self.base, "-m", "venv", *clear, str(self.folder)])
            if made.returncode:
                sys.exit(
                    f"{self.base!r} could not make a virtual environment. On Debian and Ubuntu: "
                    "apt-get install python3-venv. Or install uv."
                )

    def install(self, *what: str | Path) -> None:
        """Install what is named, as pip's command line names it."""
        if self.uv:
            self._call(self.uv, "pip", "install", "--quiet", "--python", self.python, *what)
        else:
            self._call(self.python, "-m", "pip", "install", "-qq", "--progress-bar=off", *what)

    def _call(self, *command: str | Path) -> None:
        env = dict(os.environ)
        if self.uv:
            env = uv_environment(pip_settings(self.base))
        done = subprocess.run([str(word) for word in command], cwd=ROOT, env=env)
        if done.returncode:
            sys.exit(f"this failed, and {self.folder} is not ready: {' '.join(map(str, command))}")


def _version(python: str) -> str | None:
    try:
        return subprocess.run(
            [python, "-I", "-c", "import sys; print(sys.version)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def make(folder: Path, python: str, requirements: Path, product: str) -> None:
    """Make folder hold the locked requirements, and the product in the form that was asked for.

    Args:
        folder: the environment's; what others installed in it stays.
        python: the interpreter that it is made from.
        requirements: a lock with hashes.
        product: "editable", "wheel" (built afresh on each call) or "" (none).
    """
    with open(requirements, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two verbs at once make it once
        installer = Installer(folder, python)
        wanted = hashlib.sha256(
            b"\0".join(
                [
                    (_version(python) or "").encode(),
                    requirements.read_bytes(),
                    (ROOT / "pyproject.toml").read_bytes(),
                    product.encode(),
                ]
            )
        ).hexdigest()
        stamp = folder / STAMP
        ready = stamp.exists() and stamp.read_text(encoding="utf-8") == wanted
        if not ready or _version(installer.python) is None:
            start = time.monotonic()
            with_what = "uv" if installer.uv else "pip (a few minutes)"
            print(f"making {folder.name} from {requirements.name} with {with_what}", flush=True)
            stamp.unlink(missing_ok=True)
            installer.create()
            installer.install("--require-hashes", "-r", requirements)
            if product == "editable":
                # hatchling comes from the lock: nothing that is not in it is fetched.
                installer.install("--no-deps", "--no-build-isolation", "-e", ".")
            stamp.write_text(wanted, encoding="utf-8")
            print(f"made {folder.name} in {time.monotonic() - start:.0f} s", flush=True)
        if product == "wheel":
            _install_wheel(installer)


def _install_wheel(installer: Installer) -> None:
    """Build the wheel with the development environment's hatchling and install it."""
    builder = ROOT / ".venv" / "bin" / "python"
    with tempfile.TemporaryDirectory() as built:
        command = [str(builder), "-m", "hatchling", "build", "-t", "wheel", "-d", built]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"the wheel could not be built:\n{done.stdout}{done.stderr}")
        wheel = next(Path(built).glob("*.whl"))
        options = ["--reinstall"] if installer.uv else ["--force-reinstall"]
        installer.install("--no-deps", *options, wheel)


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--requirements", type=Path, default=ROOT / "requirements" / "dev.txt")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--editable", dest="product", action="store_const", const="editable")
    form.add_argument("--wheel", dest="product", action="store_const", const="wheel")
    parser.add_argument("--find", metavar="VERSION", help="print where a Python of VERSION is")
    asked = parser.parse_args()
    if asked.find:
        found = find_python(asked.find)
        print(found or "", end="")
        sys.exit(0 if found else 1)
    if asked.folder is None:
        parser.error("name the folder of the environment")
    make(asked.folder.resolve(), asked.python, asked.requirements.resolve(), asked.product or "")


if __name__ == "__main__":
    main()
