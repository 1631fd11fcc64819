"""Build the panel from its TypeScript, and say whether the built files are those of the sources.

Usage: front_end.py build | check | install

The built files are committed, with a hash of what they were made from: nobody needs Node to
install Clew. `build` needs Node 20.19 or newer; the packages come by yarn, which is part of
jupyter-builder, in the versions of yarn.lock. `install` puts the built panel where the JupyterLab
of this environment finds it, for a checkout.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "clew_notebook_ext" / "labextension"
HASH = BUILT / "sources.sha256"
NAME = "clew-notebook-ext"
SOURCES = ("package.json", "schema", "src", "style", "tsconfig.json", "yarn.lock")


def sources_hash() -> str:
    """Hash the names and texts of all sources; the order of the disk does not count."""
    total = hashlib.sha256()
    for path in sorted(
        file
        for name in SOURCES
        for file in ([HERE / name] if (HERE / name).is_file() else (HERE / name).rglob("*"))
        if file.is_file()
    ):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{path.relative_to(HERE).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def built_hash() -> str | None:
    """Read which sources the built files were made from; None where there are none."""
    if not (BUILT / "package.json").is_file() or not HASH.is_file():
        return None
    return HASH.read_text(encoding="utf-8").strip()


def build() -> None:
    """Make the built files anew."""
    if shutil.which("node") is None:
        sys.exit("Node is not installed: building the panel needs 20.19 or newer.")
    programs = Path(sys.executable).parent
    subprocess.run([programs / "jlpm", "install", "--immutable"], cwd=HERE, check=True)
    shutil.rmtree(HERE / "lib", ignore_errors=True)
    shutil.rmtree(BUILT, ignore_errors=True)
    subprocess.run([HERE / "node_modules" / ".bin" / "tsc"], cwd=HERE, check=True)
    subprocess.run([programs / "jupyter-builder", "build", "."], cwd=HERE, check=True)
    HASH.write_text(sources_hash() + "\n", encoding="utf-8")
    for path in BUILT.rglob("*"):
        if path.suffix in {".js", ".LICENSE.txt"}:
            path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n", encoding="utf-8")


def install() -> None:
    """Put a link to the built files into this environment."""
    target = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
    target.symlink_to(BUILT)


def check() -> None:
    """Exit 1 where the built files are missing or of other sources."""
    if built_hash() != sources_hash():
        sys.exit("The built panel is not that of its sources: make panel, and commit what it made.")


if __name__ == "__main__":
    verbs = {"build": build, "check": check, "install": install}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    verbs[sys.argv[1]]()
