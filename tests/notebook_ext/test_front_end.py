"""The panel that is installed is the one of the sources."""

import json
import re
from pathlib import Path

from front_end import BUILT, HERE, built_hash, sources_hash


def test_the_built_panel_was_made_from_these_sources() -> None:
    assert built_hash() == sources_hash(), "make panel, and commit what it made"


def test_the_built_panel_is_small_and_brings_no_plotly() -> None:
    assert sum(path.stat().st_size for path in BUILT.rglob("*")) < 1_500_000
    assert not any("plotly.js" in path.read_text("utf-8") for path in BUILT.rglob("*.js"))


def test_the_lock_of_the_panel_names_no_address() -> None:
    assert re.findall(r"https?://\S+", (HERE / "yarn.lock").read_text("utf-8")) == []


def test_the_style_uses_the_colours_of_jupyterlabs_theme_only() -> None:
    css = (HERE / "style" / "base.css").read_text("utf-8")
    named = (
        r"(?:color|background|border[\w-]*|outline|fill|stroke):[^;]*(?:#[0-9a-f]{3}|rgba?\(|hsl)"
    )
    assert re.findall(named, css, re.IGNORECASE) == []
    assert css.count("var(--jp-") > 50


def test_what_jupyterlab_loads_is_there() -> None:
    about = json.loads((BUILT / "package.json").read_text("utf-8"))
    load = about["jupyterlab"]["_build"]["load"]
    assert (BUILT / load).is_file()
    assert (BUILT / "schemas" / about["name"] / "panel.json").is_file()


def test_every_source_says_what_it_answers() -> None:
    first = {path.name: path.read_text("utf-8")[:3] for path in Path(HERE, "src").glob("*.ts*")}
    assert {name for name, text in first.items() if text != "/**"} == set()
