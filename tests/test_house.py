"""The house stands: floors, wheel, locks, files and the tests' own ground are what they claim."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = sorted(path.parent for path in ROOT.glob("*/clew*/__init__.py"))
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
FACES = [path for path in MODULES if path.name == "__init__.py"]

LINES_LIMIT = 500
# path: why it may be longer. Empty, and better so.
LONGER: dict[str, str] = {}

# Loaded where they are used, so that a start stays fast and works without extras.
HEAVY = [
    "IPython", "duckdb", "ipykernel", "jupyter_client", "jupyter_server", "jupyterlab",
    "langchain_core", "langchain_openai", "langgraph", "nbclient", "nbformat", "numpy", "openai",
    "openpyxl", "pandas", "plotly", "sqlalchemy",
]  # fmt: skip


def named(path: Path) -> str:
    """Name a path as a reader of the repository does."""
    return str(path.relative_to(ROOT))


def tracked_files() -> list[Path]:
    """List the files that git tracks; links and files just deleted are left out."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    # safe.directory: the checkout may belong to another user.
    listed = subprocess.run(
        [git, "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    assert listed.returncode == 0, listed.stderr
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


# ------------------------------------------------------------------------------ floors and wheel


def test_the_tree_holds_packages() -> None:
    assert ROOT / "core" / "clew_core" in PACKAGES


def test_the_wheel_names_every_package_of_the_tree_and_no_other() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(wheel) == [named(package) for package in PACKAGES]


@pytest.mark.parametrize(
    "setting",
    [
        ("hatch", "build", "dev-mode-dirs"),
        ("mypy", "files"),
        ("mypy", "mypy_path"),
        ("pytest", "ini_options", "pythonpath"),
        ("pytest", "ini_options", "testpaths"),
        ("ruff", "src"),
    ],
    ids=".".join,
)
def test_every_tool_looks_into_every_part(setting: tuple[str, ...]) -> None:
    value = PROJECT["tool"]
    for key in setting:
        value = value[key]
    assert set(value) - {"benchmarks", "scripts", "tests"} == {
        named(package.parent) for package in PACKAGES
    }


def test_the_floors_name_every_package_of_the_tree() -> None:
    linter = PROJECT["tool"]["importlinter"]
    names = {package.name for package in PACKAGES}
    assert set(linter["root_packages"]) == names
    layers = [name for layer in linter["contracts"][0]["layers"] for name in layer.split(" | ")]
    standing = {name for name in layers if not name.startswith("(")}
    # The example generator stands beside the floors, under contracts of its own.
    assert standing == names - {"clew_acme"}


def test_the_core_needs_nothing_but_python_and_arrow() -> None:
    allowed = {*sys.stdlib_module_names, "clew_core", "pyarrow"}
    foreign = [
        f"{named(path)}:{node.lineno}: {name}"
        for path in MODULES
        if path.is_relative_to(ROOT / "core")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
        )
        if str(name).split(".")[0] not in allowed
    ]
    assert foreign == []


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the source archive, the wheel from it, and list the wheel's files."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run([*build, "--target", "sdist"], cwd=ROOT, check=True, capture_output=True)
    shutil.unpack_archive(next(folder.glob("*.tar.gz")), folder, filter="data")
    source = next(path for path in folder.iterdir() if path.is_dir())
    subprocess.run([*build, "--target", "wheel"], cwd=source, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_the_wheel_built_from_the_source_archive_holds_every_file_of_the_packages(
    wheel_files: set[str],
) -> None:
    tree = {
        str(path.relative_to(package.parent))
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in wheel_files if ".dist-info/" not in name}
    assert {name for name in packed if ".data/data/" not in name} == tree


def test_the_wheel_tells_jupyter_of_the_panels_server(wheel_files: set[str]) -> None:
    ends = "/etc/jupyter/jupyter_server_config.d/clew.json"
    assert [name for name in wheel_files if name.endswith(ends)]


def test_the_readme_is_the_projects_page() -> None:
    # hatchling fails on a README that is named and missing, and says nothing about one unnamed.
    assert (ROOT / "README.md").exists() == (PROJECT["project"].get("readme") == "README.md")


def test_every_package_says_that_it_is_typed(wheel_files: set[str]) -> None:
    assert {f"{package.name}/py.typed" for package in PACKAGES} <= wheel_files


# ------------------------------------------------------------------------------------------ locks


def locked(name: str) -> dict[str, set[str]]:
    """Read the versions that a lock has for each distribution."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    versions: dict[str, set[str]] = {}
    for found in re.finditer(r"^([\w.-]+)==(\S+)", text, re.MULTILINE):
        versions.setdefault(found[1], set()).add(found[2])
    return versions


def needs(requirements: list[str]) -> set[str]:
    """Name the distributions as locks spell them."""
    found = [re.match(r"[\w.-]+", requirement) for requirement in requirements]
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def test_the_locks_hold_what_the_project_needs() -> None:
    base, dev = locked("base.txt"), locked("dev.txt")
    assert needs(PROJECT["project"]["dependencies"]) <= base.keys()
    assert needs(PROJECT["project"]["optional-dependencies"]["dev"]) <= dev.keys()


def test_both_locks_hold_the_same_versions() -> None:
    dev = locked("dev.txt")
    assert {
        name: versions for name, versions in locked("base.txt").items() if dev.get(name) != versions
    } == {}


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_every_line_of_a_lock_is_a_version_or_a_hash(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    form = re.compile(r"#.*|[\w.-]+==\S+( ; .*)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not form.fullmatch(line)] == []


# ------------------------------------------------------------------------------------------ files


def test_no_tracked_file_holds_what_must_never_be_in_one() -> None:
    from_scripts = _load(ROOT / "scripts" / "check_files.py")
    assert [fault for path in tracked_files() for fault in from_scripts["faults"](path)] == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-" + "url https://mirror.example",
        "see https://pypi" + ".org/project/x",
        "path = '/ro" + "ot/data'",
        "open('/ho" + "me/ana/sales.csv')",
        "AK" + "IA" + "ABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRI" + "VATE KEY-----",
    ],
)
def test_the_check_of_files_sees(line: str, tmp_path: Path) -> None:
    (tmp_path / "file.md").write_text(line + "\n", encoding="utf-8")
    assert list(_load(ROOT / "scripts" / "check_files.py")["faults"](tmp_path / "file.md"))


def test_tracked_files_stay_under_20_mib() -> None:
    assert sum(path.stat().st_size for path in tracked_files()) < 20 << 20


def test_no_module_is_longer_than_a_reader_bears() -> None:
    lengths = {named(path): path.read_bytes().count(b"\n") for path in MODULES}
    assert {
        path: lines for path, lines in lengths.items() if lines > LINES_LIMIT and path not in LONGER
    } == {}


def test_no_module_is_named_after_nothing() -> None:
    names = {"utils.py", "util.py", "helpers.py", "helper.py", "manager.py", "base.py", "misc.py"}
    assert [named(path) for path in MODULES if path.name in names] == []


def test_the_product_names_no_data_set_that_measures_it() -> None:
    sets = re.compile(r"gapminder|chinook|tpc-?h|lineitem|l_orderkey|lifeexp|gdppercap", re.I)
    assert [
        f"{named(path)}:{number}: {line.strip()}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if sets.search(line)
    ] == []


def test_every_verb_of_make_is_in_contributing() -> None:
    verbs = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert verbs
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [verb for verb in verbs if f"make {verb}" not in text] == []


# ------------------------------------------------------------------------------------------- faces


def _load(path: Path) -> dict[str, object]:
    """Run a script's definitions without making it a module."""
    names: dict[str, object] = {"__name__": path.stem}
    exec(compile(path.read_bytes(), str(path), "exec"), names)
    return names


def _bound(tree: ast.Module) -> set[str]:
    """Name what a package's `__init__` defines or takes from clew's own modules."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("clew"):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("path", FACES, ids=named)
def test_a_package_lists_exactly_its_public_names(path: Path) -> None:
    tree = ast.parse(path.read_bytes())
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    ]
    listed = lists[0] if lists else []
    assert len(listed) == len(set(listed))
    lazily = {
        name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__"
        for name in set(listed) - _bound(tree)
    }
    dunders = {name for name in listed if name.startswith("__")}
    assert set(listed) - dunders == _bound(tree) | (lazily - dunders)


def test_every_listed_name_is_there() -> None:
    modules = [".".join(path.parent.relative_to(ROOT).parts[1:]) for path in FACES]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    module = importlib.import_module(name)\n"
        "    for public in getattr(module, '__all__', []):\n"
        "        getattr(module, public)\n"
    )
    done = _python("-c", code, *modules)
    assert done.returncode == 0, done.stderr


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def _heavy_after(code: str) -> list[str]:
    """Run code in a fresh Python and name the heavy libraries that it loaded."""
    done = _python("-c", f"{code}\nimport sys; print('\\nloaded', *({HEAVY} & sys.modules.keys()))")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


def test_import_clew_loads_nothing_heavy() -> None:
    assert _heavy_after("import clew") == []


def test_clew_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['clew', '--help']\n"
        "from clew.cli import main\n"
        "try:\n"
        "    code = main()\n"
        "except SystemExit as ended:\n"
        "    code = ended.code\n"
        "assert not code, code"
    )
    assert _heavy_after(code) == []


def test_where_only_clew_is_installed_it_imports_and_helps(installed) -> None:
    done = installed.run("-c", "import clew; print(clew.__file__)")
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).is_relative_to(ROOT / "app")
    helped = installed.run(installed.python.with_name("clew"), "--help")
    assert helped.returncode == 0, helped.stderr
    assert "ask" in helped.stdout


# -------------------------------------------------------------------------- the tests' own ground


def test_every_module_with_an_example_is_collected() -> None:
    with_examples = {
        named(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ">>> " in (ast.get_docstring(node) or "")
    }
    assert with_examples
    folders = sorted({named(package.parent) for package in PACKAGES})
    done = _python("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *folders)
    assert done.returncode == 0, done.stdout
    assert with_examples == {
        line.split("::")[0] for line in done.stdout.splitlines() if "::" in line
    }


def test_a_test_and_what_it_starts_cannot_leave_this_machine() -> None:
    log = Path(os.environ["CLEW_TEST_NETWORK_LOG"])
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    for attempt in (lambda: exec(code), lambda: _python("-c", code).check_returncode()):
        with pytest.raises((ConnectionRefusedError, subprocess.CalledProcessError)):
            attempt()
        assert "192.0.2.1" in log.read_text(encoding="utf-8")
        log.unlink()  # else this test fails, as any that tries must


def test_no_test_touches_the_users_home() -> None:
    home = Path.home()
    assert home.name.startswith("clew-tests-")
    for name in ("CLEW_HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        assert Path(os.environ[name]).is_relative_to(home)


def test_an_unprivileged_program_is_bound_by_permissions(unprivileged) -> None:
    closed = unprivileged.folder / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    done = unprivileged.run(sys.executable, "-c", "open('closed/file', 'w')")
    assert done.returncode == 1
    assert "PermissionError" in done.stderr


def test_the_summary_says_what_did_not_run_and_why(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    for servers in ("postgres.py", "mariadb.py"):
        shutil.copy(ROOT / "tests" / servers, tmp_path)
    shutil.copytree(ROOT / "tests" / "offline", tmp_path / "offline")
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_without_data(bench_data): pass\n"
        "@pytest.mark.soak\n"
        "def test_large(): pass\n"
        "def test_network():\n"
        "    import socket\n"
        "    try: socket.getaddrinfo('example.com', 80)\n"
        "    except OSError: pass\n",
        encoding="utf-8",
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("CLEW_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not soak", "."],
        cwd=tmp_path,
        env={**env, "CLEW_TEST_MISSING_PYTHONS": "3.13"},
        capture_output=True,
        text=True,
    )
    said = done.stdout.partition("did not run")[2]
    assert "1  CLEW_BENCH_DATA names no folder of benchmark data: test_some.py" in said
    assert "1  large counts: run them with `make soak`: test_some.py" in said
    assert "no Python 3.13 on this machine" in said
    # It caught the error, and fails all the same.
    assert done.returncode == 1
    assert "tried to reach" in done.stdout
