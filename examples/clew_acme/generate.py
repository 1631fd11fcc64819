"""How does a folder become a company: in which steps, and what if something goes wrong?

Everything is written into a temporary sibling folder that takes the asked name at the end, so
nobody ever sees half a company; an error or Ctrl-C leaves nothing behind.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from clew_core.errors import OutputNotWritten, UsageError

__all__ = ["FORMS", "MARKER", "generate"]

FORMS = ("duckdb", "sqlite", "parquet", "csv", "postgres")
"""The forms of the database that can be asked for."""

MARKER = ".clew-example.json"
"""Says that clew made the folder, from what, and which part of it is the workspace."""

_MOST = 40.0


def generate(
    folder: Path,
    *,
    seed: int = 1,
    scale: float = 1.0,
    forms: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Make the example company acme.

    Args:
        folder: where to; it may be missing, empty, or an acme made before, which is replaced.
        seed: which company; another seed gives other names, effects, defects and texts.
        scale: 1 is about 650 000 rows; planted sizes stand out of the noise from 1 on.
        forms: of the database: `duckdb`, `sqlite`, `parquet`, `csv`, `postgres`; all by default.
        progress: is told in a few words what is being made.

    Returns:
        The folder, with `company/` (what to open) and `key/answers.json` (what is true).

    Raises:
        UsageError: an unknown form, a scale out of range, or a folder that holds other things.
        OutputNotWritten: the place is not writable or full.
    """
    chosen = _chosen(forms)
    if not 0.02 <= scale <= _MOST:
        raise UsageError(f"scale {scale!r} is out of range.", hint=f"Give 0.02 to {_MOST:g}.")
    if seed < 0:
        raise UsageError(f"seed {seed!r} is negative.", hint="Give 0 or more.")
    target = Path(folder).resolve()
    _check_free(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise _not_written(target, error) from error
    try:
        work.chmod(0o755)
        _make(work, seed, scale, chosen, progress or (lambda _: None))
        _check_free(target)
        _swap(work, target)
    except OSError as error:
        raise _not_written(target, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _not_written(target: Path, error: OSError) -> OutputNotWritten:
    why = error.strerror or str(error)
    return OutputNotWritten(
        f"{str(target)!r} can't be written: {why}.", hint="Name a folder with room that is yours."
    )


def _chosen(forms: Sequence[str] | None) -> tuple[str, ...]:
    if forms is None:
        return FORMS
    if isinstance(forms, str):
        forms = forms.split(",")
    wanted = [form.strip() for form in forms]
    for form in wanted:
        if form not in FORMS:
            raise UsageError(
                f"there is no form {form!r}.", hint=f"Choose among {', '.join(FORMS)}."
            )
    if not wanted:
        raise UsageError("no form was chosen.", hint=f"Choose among {', '.join(FORMS)}.")
    return tuple(form for form in FORMS if form in wanted)


def _check_free(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{str(target)!r} is a file.", hint="Name a folder.")
    if not any(target.iterdir()):
        return
    try:
        marker = json.loads((target / MARKER).read_text(encoding="utf-8"))
        made_by, files = marker["example"], set(marker["files"])
    except (OSError, ValueError, KeyError, TypeError):
        made_by, files = None, set()
    if made_by != "acme":
        raise UsageError(
            f"{str(target)!r} is not empty and was not made by clew example acme.",
            hint="Name a new or empty folder.",
        )
    # Whoever works on the example saves notebooks beside the data.
    foreign = sorted(_files(target) - files - {MARKER})
    if foreign:
        raise UsageError(
            f"{str(target)!r} holds what clew did not make, such as {foreign[0]!r}.",
            hint="Move it away, or name another folder.",
        )


def _files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}


def _swap(work: Path, target: Path) -> None:
    """Put the finished parts into place; an older acme comes back when that fails.

    A folder that exists stays the same folder: a shell may stand in it, or it may be a mount.
    """
    if not target.exists():
        work.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    parts = ("company", "key", MARKER)
    try:
        for name in parts:
            if (target / name).exists():
                shutil.move(target / name, old / name)
        for name in parts:
            shutil.move(work / name, target / name)
    except BaseException:
        for name in parts:
            if (old / name).exists():
                shutil.rmtree(target / name, ignore_errors=True)
                (target / name).unlink(missing_ok=True)
                shutil.move(old / name, target / name)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _make(
    work: Path, seed: int, scale: float, forms: tuple[str, ...], say: Callable[[str], None]
) -> None:
    # Imported here: `clew --help` must not wait for Arrow.
    from clew_acme.database import stage
    from clew_acme.forms import load_duckdb, write_forms
    from clew_acme.key import write_key
    from clew_acme.key_questions import Asker
    from clew_acme.knowledge import draw_roles, write_knowledge
    from clew_acme.logs import write_logs
    from clew_acme.scripts import write_scripts
    from clew_acme.vocabulary import speak
    from clew_acme.wiki import write_wiki
    from clew_acme.world import imagine

    company, staged = work / "company", work / "staged"
    company.mkdir()
    staged.mkdir()
    say(f"drawing company {seed}")
    world = imagine(seed, scale)
    made = stage(world, staged, say)
    say("acme.duckdb")
    database = work / "acme.duckdb"
    load_duckdb(staged, made, database)
    write_forms(database, staged, company, made, world.names, forms, say)
    words = speak(world)
    roles = draw_roles(world, made)
    write_knowledge(world, made, words, roles, company, forms)
    asker = Asker(world, words, made.campaigns)
    say("scripts and wiki")
    scripts = write_scripts(world, asker, company / "scripts")
    documents = write_wiki(world, words, made, company / "wiki")
    say("logs")
    logs = write_logs(world, made.online, company / "logs")
    say("key")
    key = work / "key" / "answers.json"
    write_key(world, made, asker, roles, scripts, documents, logs, database, key)
    if "duckdb" in forms:
        shutil.move(database, company / "acme.duckdb")
    database.unlink(missing_ok=True)
    shutil.rmtree(staged, ignore_errors=True)
    marker = {"example": "acme", "v": 1, "open": "company", "seed": seed, "scale": scale,
              "forms": list(forms), "files": sorted(_files(work))}  # fmt: skip
    (work / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8")
