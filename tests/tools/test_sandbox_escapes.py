"""Does any of the known ways lead out of the sandbox, and would the corpus notice?"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tools.sandbox_corpus as corpus

PARTS = Path(__file__).resolve().parents[2]
# Where a wall is taken away: one case that it alone holds, and does no harm when it gets out.
HELD_BY = {
    "seccomp": ["fork", "semaphores", "machine code of its own"],
    "limits": ["one large piece", "threads without end"],
    "landlock": ["list the root folder"],
    "environment": ["the secrets in it"],
}


@pytest.fixture(autouse=True)
def _kernel_lets() -> None:
    corpus.skip_where_refused()


def test_the_corpus_is_large_and_no_case_is_there_twice() -> None:
    cases = corpus.cases()
    assert len(cases) >= 120 and len({case["mechanism"] for case in cases}) >= 15
    names = Counter((case["mechanism"], case["name"]) for case in cases)
    codes = Counter(case["code"] for case in cases)
    assert [text for text, n in [*names.items(), *codes.items()] if n > 1] == []
    assert all(case["must_not"] for case in cases)


@pytest.mark.slow
def test_no_escape_succeeds() -> None:
    assert corpus.run_all(corpus.cases()) == {}


@pytest.mark.parametrize("wall", HELD_BY)
def test_without_a_wall_an_escape_succeeds(wall: str) -> None:
    chosen = [case for case in corpus.cases() if case["name"] in HELD_BY[wall]]
    assert len(chosen) == len(HELD_BY[wall])
    with corpus.walls_taken(wall):
        found = corpus.run_all(chosen)
    assert len(found) >= len(chosen), found


@pytest.mark.slow
def test_no_escape_succeeds_for_an_ordinary_user_without_namespaces() -> None:
    # What the skipped ones try, namespaces don't matter for.
    skipped = ["results", "pickles", "output", "time", "environment", "imports"]
    found = as_a_user("--without", "namespaces", "--skip", *skipped)
    assert found["found"] == {} and found["ran"] > 170


@pytest.mark.slow
def test_no_escape_that_namespaces_matter_for_succeeds_for_an_ordinary_user() -> None:
    only = ["files", "links", "proc", "signals", "shared memory", "mounts", "fork bombs"]
    found = as_a_user("--only", *only)
    assert found["found"] == {} and found["ran"] > 80


def test_without_namespaces_and_landlock_the_canary_is_read() -> None:
    found = as_a_user("--without", "namespaces", "landlock", "--only", "open a file")
    assert found["found"] == {
        "files: open a file": "the canary got out",
        "threads: open a file": "the canary got out",
    }


def test_with_descriptors_left_open_the_canary_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **named: Any) -> None:
            handles = named.pop("pass_fds", ())
            for handle in handles:
                os.set_inheritable(handle, True)
            super().__init__(*args, **named, close_fds=not handles)

    chosen = [case for case in corpus.cases() if case["name"] == "read all that are open"]
    with monkeypatch.context() as patched, corpus.walls_taken("descriptors"):
        patched.setattr(corpus.run_module.subprocess, "Popen", Careless)
        found = corpus.run_all(chosen, 1)
    assert list(found.values()) == ["the canary got out"]


def as_a_user(*arguments: str) -> dict[str, Any]:
    """Run the corpus as an ordinary user, also where the tests run as root."""
    program = [sys.executable, str(Path(corpus.__file__)), *arguments]
    if os.geteuid() == 0:
        program = [*_as_nobody(), *program]
    paths = os.pathsep.join(str(PARTS / part) for part in ("core", "tools"))
    found = subprocess.run(
        program,
        capture_output=True,
        text=True,
        timeout=120,
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
    )
    assert found.returncode == 0, found.stderr
    told: dict[str, Any] = json.loads(found.stdout)
    return told


def _as_nobody() -> list[str]:
    """Give the words before a command that make it nobody's, who can read this Python."""
    for program in ("unshare", "setpriv", "mount"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not there to become an ordinary user")
    needed = {Path(sys.base_prefix), Path(sys.prefix), PARTS}
    closed = {
        parent: path
        for path in needed
        for parent in path.parents
        if parent != Path("/") and not parent.stat().st_mode & 1
    }
    # In mounts of its own: a folder that others can't enter gives way to the one in it.
    lines = ["set -e", "hold=$(mktemp -d)"]
    for number, (parent, path) in enumerate(closed.items()):
        lines += [
            f"mkdir $hold/{number}",
            f"mount --bind '{path}' $hold/{number}",
            f"mount -t tmpfs -o mode=755 tmpfs '{parent}'",
            f"mkdir -p '{path}'",
            f"mount --bind $hold/{number} '{path}'",
            f"umount $hold/{number}",
            f"rmdir $hold/{number}",
        ]
    lines += ["rmdir $hold", 'exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"']
    words = ["unshare", "--mount", "sh", "-c", "\n".join(lines), "as-nobody"]
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("root can't become an ordinary user here")
    return words
