"""How does a folder become a company: in which steps, and what if something goes wrong?

Everything is written into a temporary sibling folder that takes the asked name at the end, so
nobody ever sees half a company; an error or Ctrl-C leaves nothing behind.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from clew_core.errors import UsageError

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
    """
    chosen = _chosen(forms)
    if not 0.02 <= scale <= _MOST:
        raise UsageError(f"scale {scale!r} is out of range.", hint=f"Give 0.02 to {_MOST:g}.")
    if seed < 0:
        raise UsageError(f"seed {seed!r} is negative.", hint="Give 0 or more.")
    target = Path(os.path.abspath(folder))
    _check_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        work.chmod(0o755)
        _make(work, seed, scale, chosen, progress or (lambda _: None))
        _check_free(target)
        _swap(work, target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return target


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
        made_by = json.loads((target / MARKER).read_text(encoding="utf-8"))["example"]
    except (OSError, ValueError, KeyError, TypeError):
        made_by = None
    if made_by != "acme":
        raise UsageError(
            f"{str(target)!r} is not empty and was not made by clew example acme.",
            hint="Name a new or empty folder.",
        )


def _swap(work: Path, target: Path) -> None:
    """Give the finished folder its name; an older acme goes only when the new one stands."""
    if not target.exists():
        work.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    try:
        target.rename(old / "acme")
        try:
            work.rename(target)
        except OSError:
            (old / "acme").rename(target)
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
    logs = write_logs(world, company / "logs")
    say("key")
    key = work / "key" / "answers.json"
    write_key(world, made, asker, roles, scripts, documents, logs, database, key)
    if "duckdb" in forms:
        shutil.move(database, company / "acme.duckdb")
    database.unlink(missing_ok=True)
    shutil.rmtree(staged, ignore_errors=True)
    marker = {"example": "acme", "v": 1, "open": "company", "seed": seed, "scale": scale,
              "forms": list(forms)}  # fmt: skip
    (work / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8")
