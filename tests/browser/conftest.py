"""One JupyterLab with the panel for all tests here, and pages that may reach nothing else."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from browser.analyst import Analyst

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "core", "knowledge", "tools", "backend", "agents", "app", "notebook_ext", "examples",
)  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
BUILT = ROOT / "notebook_ext" / "clew_notebook_ext" / "labextension"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
START_S = 90.0


@dataclass(kw_only=True)
class Lab:
    """A running JupyterLab.

    Attributes:
        folder: of the notebooks.
        port: on this machine.
        env: of its process.
        log: what it wrote.
        words: more of its command line.
    """

    folder: Path
    port: int
    env: dict[str, str]
    log: Path
    words: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0",
            "--IdentityProvider.token=", f"--ServerApp.root_dir={self.folder}",
            "--ServerApp.jpserver_extensions=clew_notebook_ext=True",
            "--ServerApp.jpserver_extensions=slow_questions=True",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None", "--LabApp.extension_manager=readonly",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", *self.words,
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words, cwd=self.folder, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(self.url + "api", timeout=2):
                    return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()[-4000:]
                time.sleep(0.2)
        raise AssertionError(self.log.read_text()[-4000:])

    def stop(self) -> None:
        """End it as Ctrl-C does, with its kernels."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def notebook(self, name: str, *sources: str) -> str:
        """Write a notebook with these code cells; one that begins with ``#`` is Markdown."""
        cells = [
            nbformat.v4.new_markdown_cell(source, id=f"cell-{i}")
            if source.startswith("# ")
            else nbformat.v4.new_code_cell(source, id=f"cell-{i}")
            for i, source in enumerate(sources, start=1)
        ]
        kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        (self.folder / name).write_text(nbformat.writes(notebook), encoding="utf-8")
        return name

    def saved(self, name: str) -> Any:
        """Read a notebook from the disk."""
        return nbformat.read(self.folder / name, as_version=4)


@contextlib.contextmanager
def running_lab(base: Path, *words: str, more: dict[str, str] | None = None) -> Iterator[Lab]:
    """Run JupyterLab with the built panel and the small company acme in a folder.

    Args:
        base: of all that it writes.
        words: more of its command line.
        more: of its environment.
    """
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    extensions = base / "path" / "labextensions"
    extensions.mkdir(parents=True)
    (extensions / "clew-notebook-ext").symlink_to(BUILT)
    for name in ("config", "data", "runtime", "home", "work"):
        (base / name).mkdir()
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            str(ROOT / part) for part in (*PARTS, "tests/notebook_ext", "tests/browser")
        ),
        "JUPYTER_PATH": str(base / "path"),
        "JUPYTER_CONFIG_DIR": str(base / "config"),
        "JUPYTER_DATA_DIR": str(base / "data"),
        "JUPYTER_RUNTIME_DIR": str(base / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(base / "config" / "lab"),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "config" / "workspaces"),
        "CLEW_HOME": str(base / "home"),
        "OMP_NUM_THREADS": "1",
        **(more or {}),
    }
    # Else it asks for leave to fetch news, over the corner of the panel.
    quiet = base / "config" / "lab" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    settings = {"fetchNews": "false", "checkForUpdates": False}
    (quiet / "notification.jupyterlab-settings").write_text(json.dumps(settings))
    example = [sys.executable, "-m", "clew.cli", "example", "acme", str(base / "acme")]
    subprocess.run([*example, "--scale", "0.2"], env=env, check=True, capture_output=True)
    env["CLEW_SOURCES"] = json.dumps([str(base / "acme" / "company")])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Lab(folder=base / "work", port=port, env=env, log=base / "lab.log", words=words)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Run one JupyterLab for all journeys."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """Start what drives browsers: there can be one."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(lab: Lab, playwright: Any) -> Iterator[Any]:
    """Run one Chromium for all pages."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def context(lab: Lab, chromium: Any) -> Iterator[Any]:
    """Give a browser of a new user; fails when a page asks for something outside this machine."""
    made = chromium.new_context(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(20_000)
    strangers: list[str] = []

    def see(route: Any) -> None:
        if re.match(rf"(https?|wss?)://127\.0\.0\.1:{lab.port}/|data:|blob:", route.request.url):
            route.continue_()
        else:
            strangers.append(route.request.url)
            route.abort()

    made.route("**/*", see)
    yield made
    made.close()
    assert strangers == []


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder for screenshots: CLEW_TEST_SCREENSHOTS, or one that goes."""
    folder = os.environ.get("CLEW_TEST_SCREENSHOTS")
    path = Path(folder) if folder else tmp_path_factory.mktemp("shots")
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def analyst(
    lab: Lab, context: Any, shots: Path, request: pytest.FixtureRequest
) -> Iterator[Analyst]:
    """Give somebody at an empty page; fails when the page has a fault of its own."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield Analyst(lab=lab, page=page, shots=shots, faults=faults)
    page.screenshot(path=shots / f"end-{request.node.name}.png")
    assert [fault for fault in faults if "Canceled" not in fault] == []
