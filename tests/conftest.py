"""What holds for every test: a home of its own, no network, and a word on all that did not run.

Fixtures for all parts: `unprivileged` (bound by file permissions even under root), `installed`
(a Python that has clew's wheel and nothing of the checkout), `bench_data` (the folder of
public benchmark data, or a skip), `postgres_url` and `mariadb_url` (an empty database on a server,
or a skip).
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from mariadb import mariadb_url as mariadb_url  # handed on as fixtures
from postgres import postgres_url as postgres_url

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = Path(__file__).parent / "offline"
NOBODY = 65534

# A busy machine is no failure; and a gate must say the same thing twice.
hypothesis.settings.register_profile("clew", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("clew")


# ---------------------------------------------------------------- a home of its own, no network


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests, and what they start, an empty home and no way out of this machine."""
    home = Path(tempfile.mkdtemp(prefix="clew-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for name in [name for name in os.environ if name.startswith(("CLEW_", "JUPYTER", "IPYTHON"))]:
        if name != "CLEW_BENCH_DATA" and not name.startswith("CLEW_TEST_"):
            del os.environ[name]
    folders = {
        "HOME": "",
        "CLEW_HOME": "clew",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter/config",
        "JUPYTER_DATA_DIR": "jupyter/data",
        "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
        "XDG_CACHE_HOME": ".cache",
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
    }
    for name, folder in folders.items():
        (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ[name] = str(home / folder)

    os.environ["CLEW_TEST_NETWORK_LOG"] = str(home / "network.log")
    # The parts too: what the tests start finds them even where clew isn't installed.
    parts = sorted({str(path.parent.parent) for path in ROOT.glob("*/clew*/__init__.py")})
    os.environ["PYTHONPATH"] = os.pathsep.join([str(OFFLINE), *parts])
    spec = importlib.util.spec_from_file_location("offline", OFFLINE / "sitecustomize.py")
    assert spec and spec.loader
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.fixture(autouse=True)
def _stays_on_this_machine() -> Iterator[None]:
    """Fail a test that tried to reach another machine, even if something caught the error."""
    log = Path(os.environ["CLEW_TEST_NETWORK_LOG"])
    yield
    if log.exists():
        tried = log.read_text(encoding="utf-8")
        log.unlink()
        pytest.fail(f"this test, or what it started, tried to reach:\n{tried}", pytrace=False)


# ------------------------------------------------------------------------- fixtures for all parts


@pytest.fixture(scope="session")
def bench_data() -> Path:
    """Find the folder of public benchmark data that CLEW_BENCH_DATA names, or skip."""
    folder = os.environ.get("CLEW_BENCH_DATA", "")
    if not folder:
        pytest.skip("CLEW_BENCH_DATA names no folder of benchmark data")
    if not Path(folder).is_dir():
        pytest.skip(f"CLEW_BENCH_DATA names {folder!r}, which is not a folder")
    return Path(folder)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The Python of an environment that holds clew's wheel and its locked needs, nothing else."""

    python: Path
    folder: Path

    def run(
        self, *arguments: str | Path, timeout: float = 120, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python in an empty folder and hand back exit code and output; env is added."""
        return subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(OFFLINE), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """Hand out the environment that `make test` made for this, or skip."""
    python = os.environ.get("CLEW_TEST_INSTALLED", "")
    if not python:
        pytest.skip("only `make test` makes an environment where only clew is installed")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return Installed(python=Path(python), folder=folder)


@dataclass(frozen=True, kw_only=True)
class Unprivileged:
    """A way to run programs that file permissions bind.

    Attributes:
        folder: a fresh folder that those programs own and may write.
        uid: the user they run as.
        prefix: what stands before a command to take root's powers away.
    """

    folder: Path
    uid: int
    prefix: tuple[str, ...] = ()

    def run(
        self, *command: str | Path, timeout: float = 120, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run command in the folder and hand back exit code and output; env is added."""
        other = self.uid != os.geteuid()
        home = {"HOME": str(self.folder), "CLEW_HOME": str(self.folder / "clew")}
        return subprocess.run(
            [*self.prefix, *command],
            cwd=self.folder,
            env={**os.environ, **home, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            user=self.uid if other else None,
            group=self.uid if other else None,
            extra_groups=[] if other else None,
        )

    def can_run_the_tests_python(self) -> bool:
        """Tell whether this user may read this Python, what is installed in it, and the parts."""
        code = "import pathlib, sys, pytest; pathlib.Path(sys.argv[1]).read_bytes()"
        try:
            return self.run(sys.executable, "-c", code, ROOT / "pyproject.toml").returncode == 0
        except OSError:
            return False


@pytest.fixture
def unprivileged() -> Iterator[Unprivileged]:
    """Make programs run bound by file permissions, as whoever started the tests mostly is not.

    Under root, they run as `nobody` where that user can read this Python and the checkout;
    else as root without its capabilities, who is bound by the mode bits of its own files.
    """
    folder = Path(tempfile.mkdtemp(prefix="clew-unprivileged-"))
    ways = [Unprivileged(folder=folder, uid=os.geteuid())]
    if os.geteuid() == 0:
        ways = [Unprivileged(folder=folder, uid=NOBODY)]
        if setpriv := shutil.which("setpriv"):
            drop = (setpriv, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
            ways.append(Unprivileged(folder=folder, uid=0, prefix=drop))
    try:
        for user in ways:
            os.chown(folder, user.uid, -1)
            if user.can_run_the_tests_python():
                break
        else:
            pytest.skip("no unprivileged user can read this Python, and setpriv is not there")
        yield user
    finally:
        folders = [path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()]
        for path in [folder, *folders]:
            path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


# --------------------------------------------------------------------- what did not run, and why


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run and why, grouped by reason."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        reasons[str(reason).removeprefix("Skipped: ")].append(report.nodeid)
    for item in terminalreporter.stats.get("deselected", []):
        if item.get_closest_marker("soak"):
            reasons["large counts: run them with `make soak`"].append(item.nodeid)
        elif item.get_closest_marker("slow"):
            reasons["slow: they run on one Python only"].append(item.nodeid)
    for python in os.environ.get("CLEW_TEST_MISSING_PYTHONS", "").split():
        reasons[f"no Python {python} on this machine"] = [f"the tests on Python {python}"]
    if not reasons:
        return
    terminalreporter.section("did not run")
    for reason, tests in sorted(reasons.items()):
        files = sorted({test.split("::")[0] for test in tests})
        terminalreporter.line(f"{len(tests):4}  {reason}: {', '.join(files)}")
