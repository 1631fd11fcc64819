"""Does code in the sandbox get its tables, hand its results over, and leave nothing behind?"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, Cancelled, ToolFailed, UsageError
from clew_tools.sandbox import Limits, Ran, Refusal, run
from tools.sandbox_corpus import run_module, skip_where_refused

TABLE = pa.table({"n": [1, 2, None], "word": ["a", "ü", None]})
EMPTY: dict[str, pa.Table] = {}


@pytest.fixture(autouse=True)
def _kernel_lets() -> None:
    skip_where_refused()


def ran(code: str, tables: dict[str, pa.Table] | None = None, **limits: Any) -> Ran:
    """Run code that must not be refused."""
    found = run(code, tables or {}, Limits(**limits), Deadline())
    assert isinstance(found, Ran), str(found)
    return found


def refused(code: str = "print(1)", **limits: Any) -> Refusal:
    """Run code that must be refused."""
    found = run(code, EMPTY, Limits(**limits), Deadline())
    assert isinstance(found, Refusal), found
    return found


def without(monkeypatch: pytest.MonkeyPatch, patch: str) -> None:
    """Let every launcher do something before it begins."""
    marker = "from clew_tools.sandbox_process.launcher import main; "
    assert marker in run_module._START
    start = run_module._START.replace(marker, f"exec({patch!r}); {marker}")
    monkeypatch.setattr(run_module, "_START", start)


# --------------------------------------------------------------------------------- in and out


def test_tables_come_in_and_results_go_out() -> None:
    found = ran(
        "t = tables['t']\n"
        "results['same'] = t\n"
        "results['rows'] = t.num_rows\n"
        "results['names'] = sorted(tables)\n"
        "print('done')",
        {"t": TABLE, "odd name": TABLE.slice(1, 1)},
    )
    assert (found.status, found.error, found.stdout) == ("done", "", "done\n")
    assert found.tables["same"].equals(TABLE)
    assert found.values == {"rows": 3, "names": ["odd name", "t"]}
    assert not found.output_cut and {"landlock", "seccomp", "limits"} <= set(found.walls)


def test_frames_and_figures_and_values_of_libraries_go_out() -> None:
    found = ran(
        """
import datetime, decimal
import numpy as np, pandas as pd, plotly.graph_objects as go
f = frame('t').dropna()
f['kind'] = pd.Categorical(['x', 'y'])
results['frame'] = f
results['series'] = f.groupby('word').n.sum()
results['figure'] = go.Figure(go.Bar(x=[1], y=[2]))
results['values'] = [np.int64(1), np.float64('nan'), np.array([1.5]), pd.Timestamp('2024-01-02'),
                     datetime.date(2024, 1, 2), decimal.Decimal('1.10'), {1: True}, None]
""",
        {"t": TABLE},
    )
    assert found.status == "done", found.error
    assert found.tables["frame"].to_pydict() == {
        "n": [1.0, 2.0], "word": ["a", "ü"], "kind": ["x", "y"],
    }  # fmt: skip
    assert found.tables["series"].to_pydict() == {"word": ["a", "ü"], "n": [1.0, 2.0]}
    assert '"type":"bar"' in found.figures["figure"]
    assert found.values["values"] == [
        1, None, [1.5], "2024-01-02T00:00:00", "2024-01-02", "1.10", {"1": True}, None,
    ]  # fmt: skip


def test_files_of_the_code_s_own_work_in_the_scratch_folder() -> None:
    found = ran(
        """
import os, shutil, tempfile, zipfile, pandas as pd
os.makedirs('a/b')
frame('t').to_parquet('a/b/t.parquet')
shutil.copy('a/b/t.parquet', 'copy.parquet')
with zipfile.ZipFile('z.zip', 'w') as z: z.write('copy.parquet')
with tempfile.TemporaryDirectory() as folder: pass
results['t'] = pd.read_parquet('copy.parquet')
open(os.devnull, 'w').write('x')
""",
        {"t": TABLE},
    )
    assert found.status == "done", found.error + found.stderr
    assert found.tables["t"].num_rows == 3


@pytest.mark.parametrize("code", ["", "\n\n", "# nothing", "import sys; sys.exit()"])
def test_code_that_does_nothing_is_done(code: str) -> None:
    found = ran(code)
    assert (found.status, found.tables, found.values, found.stdout) == ("done", {}, {}, "")


def test_tables_without_rows_or_columns_travel() -> None:
    empty, none = TABLE.slice(0, 0), pa.table({})
    found = ran("results.update(tables)", {"empty": empty, "none": none})
    assert found.tables["empty"].equals(empty)
    assert found.tables["none"].shape == (0, 0)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("x = 1\ny = x / 0", "ZeroDivisionError: division by zero (line 2)"),
        ("x = (", "SyntaxError: '(' was never closed (<code>, line 1) (line 1)"),
        ("raise SystemExit('no')", "It ended with 'no'."),
        ("import os; os._exit(0)", "The code ended itself before it handed anything over."),
        ("import nothing_of_the_kind", "ModuleNotFoundError: No module named"),
        ("a\0b", "ValueError: source code string cannot contain null bytes"),
    ],
)
def test_code_that_fails_says_why_and_where(code: str, error: str) -> None:
    found = ran(code)
    assert found.status == "error"
    assert found.error.startswith(error) or code == "a\0b", found.error


def test_what_was_handed_over_before_an_error_is_there() -> None:
    found = ran("results['a'] = 1\nprint('so far')\nraise ValueError('then')")
    assert (found.status, found.values, found.stdout) == ("error", {"a": 1}, "so far\n")
    assert "ValueError: then" in found.stderr and "line 3" in found.stderr


def test_results_may_be_bound_anew_but_stay_a_dict() -> None:
    assert ran("results = {'a': 1}").values == {"a": 1}
    found = ran("results = 1")
    assert found.status == "results" and "no dict any more" in found.error


def test_classes_find_the_names_of_their_module() -> None:
    found = ran(
        "import dataclasses, typing\n"
        "@dataclasses.dataclass\n"
        "class A:\n    b: 'B'\n"
        "class B: pass\n"
        "results['names'] = [str(h) for h in typing.get_type_hints(A).values()]\n"
    )
    assert found.values == {"names": ["<class '__main__.B'>"]}, found.error


@pytest.mark.parametrize("value", ["object()", "{1, 2}", "lambda: 1", "[[object()]]"])
def test_what_is_no_plain_value_is_refused_by_name(value: str) -> None:
    found = ran(f"results['x'] = {value}")
    assert found.status == "results" and "is no table, figure or plain value" in found.error


def test_output_is_cut_and_said_to_be() -> None:
    found = ran("print('x' * 5000)", output_kb=1)
    assert (found.stdout, found.output_cut) == ("x" * 1024, True)


# ------------------------------------------------------------------------------------ no state


def test_no_state_survives_between_two_runs() -> None:
    leave = """
import json, os, sys, builtins
json.mark = builtins.mark = 1
os.environ['MARK'] = '1'
open('mark', 'w').write('x')
sys.path.append('/mark')
results['mark'] = 1
"""
    look = """
import json, os, sys, builtins
results['found'] = [hasattr(json, 'mark'), hasattr(builtins, 'mark'), 'MARK' in os.environ,
                    os.listdir('.'), '/mark' in sys.path, 'mark' in results, len(tables)]
"""
    assert ran(leave, {"t": TABLE}).status == "done"
    assert ran(look).values["found"] == [False, False, False, [], False, False, 0]


def test_nothing_is_left_behind() -> None:
    def left() -> tuple[list[int], list[str], set[str]]:
        own = _children_of(os.getpid())
        files = {name for name in os.listdir(tempfile.gettempdir()) if "clew-sandbox-" in name}
        return own, os.listdir("/proc/self/fd"), files

    ran("1")
    before = left()
    ran("open('x', 'w').write('x')", {"t": TABLE})
    ran("while True: pass", seconds=0.3)
    ran("import os; os.abort()")
    after = left()
    assert after[0] == before[0] and len(after[1]) == len(before[1])
    # Other programs may run sandboxes too.
    new = [Path(tempfile.gettempdir(), name) for name in after[2] - before[2]]
    assert not [path for path in new if path.exists() and path.stat().st_uid == os.getuid()]


def test_two_at_once_do_not_meet() -> None:
    found: dict[int, Ran] = {}

    def one(number: int) -> None:
        code = (
            "import time, os\n"
            f"open('n', 'w').write('{number}'); time.sleep(0.3)\n"
            "results['n'] = open('n').read(); results['files'] = os.listdir('.')"
        )
        found[number] = ran(code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: one.values for n, one in found.items()} == {
        n: {"n": str(n), "files": ["n"]} for n in range(3)
    }


# ----------------------------------------------------------------------------- stop and limits


def test_a_server_that_holds_many_descriptors_runs_code_too() -> None:
    # select() knows numbers up to 1,024 only.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("this machine lets no process hold so many")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert ran("print(1)").stdout == "1\n"
    finally:
        for number in held:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_cancelled_run_ends_within_a_second() -> None:
    deadline = Deadline()
    threading.Timer(0.3, deadline.cancel).start()
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        run("while True: pass", EMPTY, Limits(), deadline)
    assert time.monotonic() - begin < 1.3


def test_a_run_that_was_cancelled_before_does_not_start() -> None:
    deadline = Deadline()
    deadline.cancel()
    with pytest.raises(Cancelled):
        run("1", EMPTY, Limits(), deadline)


def test_nothing_outlives_the_process_that_asked(tmp_path: Path) -> None:
    asks = (
        "from clew_core.deadline import Deadline\n"
        "from clew_tools.sandbox import Limits, run\n"
        "run('while True: pass', {}, Limits(cpu_s=20), Deadline())"
    )
    # Whoever was killed can't tidy up: its empty folder stays, here.
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    asking = subprocess.Popen([sys.executable, "-c", asks], env=environment)
    try:
        wait_for(lambda: len(_children_of(asking.pid)) == 1)
        (launcher,) = _children_of(asking.pid)
        wait_for(lambda: len(_children_of(launcher)) == 1)
        (code,) = _children_of(launcher)
    finally:
        asking.kill()
        asking.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (launcher, code)))


def wait_for(what: Callable[[], bool]) -> None:
    """Look again and again, for ten seconds at most."""
    ends = time.monotonic() + 10
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def test_the_question_s_own_time_ends_the_question() -> None:
    with pytest.raises(BudgetEnded):
        run("while True: pass", EMPTY, Limits(seconds=20), Deadline(Budget(seconds=0.4)))


def test_cpu_and_wall_and_memory_are_reported() -> None:
    found = ran("b = bytearray(50 << 20); b[::4096] = b[::4096]\nfor n in range(3_000_000): pass")
    assert 0.02 < found.cpu_s < found.wall_s * 2
    assert 55 < found.peak_mb < 200


def test_cpu_time_that_is_used_up_is_named() -> None:
    found = ran("while True: pass", cpu_s=1, seconds=15)
    assert found.status == "cpu" and "1 s of CPU" in found.error


def test_memory_that_is_used_up_is_named() -> None:
    found = ran("x = bytearray(900 << 20)", memory_mb=100)
    assert found.status == "memory"


def test_large_data_fits_beside_the_memory_for_tables_that_come_in() -> None:
    table = pa.table({"b": pa.array([bytes(1 << 20)] * 300)})
    found = ran("results['n'] = tables['t'].nbytes", {"t": table}, memory_mb=50)
    assert found.values["n"] >= 300 << 20, found.error


def test_too_much_coming_in_is_refused_in_words() -> None:
    table = pa.table({"b": [bytes(2 << 20)]})
    found = run("1", {"t": table}, Limits(input_mb=1), Deadline())
    assert isinstance(found, Refusal) and "1 MB may come in" in str(found)


@pytest.mark.parametrize("name", ["seconds", "cpu_s", "memory_mb", "threads", "result_mb"])
def test_a_limit_of_nothing_is_wrong_use(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        Limits(**{name: 0})


def test_text_that_is_none_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="no text"):
        run("print('\ud800')", EMPTY, Limits(), Deadline())


def test_what_is_no_arrow_table_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="'t' is a list, and no Arrow table"):
        run("1", {"t": [1]}, Limits(), Deadline())  # type: ignore[dict-item]


def test_a_machine_without_room_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(ToolFailed, match="can't be set up: No such file"):
        run("1", EMPTY, Limits(), Deadline())


# ------------------------------------------------------------------- refusals, in words, closed


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (
            "from clew_tools import landlock; landlock.version = lambda: 0",
            "lacks Landlock, which keeps code from files. Use Linux 5.13 or later",
        ),
        (
            "from clew_tools.sandbox_process import namespaces as n; n.leave = lambda: 'none'\n"
            "from clew_tools import landlock; landlock.version = lambda: 5\n"
            "import os; os.geteuid = lambda: 1",
            "lacks namespaces; and version 5 of Landlock does not hold signals",
        ),
        (
            "from clew_tools.sandbox_process import namespaces as n; n.leave = lambda: 'none'\n"
            "import os; os.geteuid = lambda: 0",
            "lacks namespaces for root",
        ),
        (
            "from clew_tools import landlock; landlock.ruleset = lambda *a, **k: None",
            "lacks Landlock",
        ),
        (
            "from clew_tools.sandbox_process import namespaces as n\n"
            "def no(*a): raise OSError(1, 'mount /x: not permitted')\n"
            "n.rebuild_root = no; n.leave()\n"
            "n.leave = lambda: 'as a user'",
            "lacks a wall of the sandbox: mount /x",
        ),
        (
            "from clew_tools.sandbox_process import namespaces as n\n"
            "n.readable_by_a_stranger = lambda paths: '/opt/python'",
            "'/opt/python' is closed to them. Open it for reading",
        ),
        ("raise SystemExit('broken')", "lacks a Python that starts by itself. It said: broken"),
    ],
)
def test_a_missing_wall_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, patch: str, words: str
) -> None:
    without(monkeypatch, patch)
    assert words in str(refused("print('ran')"))


def test_required_namespaces_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    without(
        monkeypatch,
        "from clew_tools.sandbox_process import namespaces as n; n.leave = lambda: 'none'\n"
        "import os; os.geteuid = lambda: 1",
    )
    assert "which the setting requires" in str(refused(namespaces="required"))


def test_a_filter_that_the_kernel_does_not_take_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without(
        monkeypatch,
        "from clew_tools.sandbox_process import seccomp\n"
        "def no(*a): raise OSError(22, 'no filters here')\n"
        "seccomp.install = no",
    )
    found = refused("print('ran')")
    assert "no filters here" in str(found)


def test_another_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux kernel on x86_64 or aarch64" in str(refused())


def test_the_sandbox_loads_no_heavy_library_to_ask_for_a_run(tmp_path: Path) -> None:
    code = (
        "import sys, clew_tools.sandbox\n"
        "print({'pyarrow', 'pandas', 'numpy', 'plotly'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "set()", found.stderr
