"""What does an analyst do in a page? In words of the panel, so that journeys read as stories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHORTCUT = "Control+Alt+d"
# The live texts, in order, saved or not: of the model, since cells out of sight have no text.
CELLS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  return panel.content.model.sharedModel.cells.map(cell => cell.source);
}"""


@dataclass(kw_only=True)
class Analyst:
    """Somebody at a page of JupyterLab.

    Attributes:
        lab: that runs.
        page: of the browser.
        shots: folder of pictures.
        faults: errors of the page that nobody caught.
    """

    lab: Any
    page: Any
    shots: Path
    faults: list[str]

    def open(self, *names: str, panel: bool = True) -> None:
        """Open notebooks, the last one in front, and the panel with the focus in it."""
        first, *more = names
        self.page.goto(f"{self.lab.url}lab/tree/{first}?reset")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        for name in more:
            self.command("docmanager:open", {"path": name})
            self.page.wait_for_selector(f".lm-TabBar-tab.jp-mod-current >> text={name}")
        self.page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.context?.isReady")
        if panel:
            self.page.keyboard.press(SHORTCUT)
            self.page.wait_for_selector(".clew-Field:focus")

    def command(self, name: str, args: Any = None) -> None:
        """Run a command of JupyterLab."""
        self.page.evaluate(
            "([name, args]) => void window.jupyterapp.commands.execute(name, args)",
            [name, args or {}],
        )

    def dark(self) -> None:
        """Choose the dark theme."""
        self.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
        self.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")

    def light(self) -> None:
        """Choose the light theme again: the server remembers it for the next page."""
        self.page.evaluate(
            "() => window.jupyterapp.commands.execute('apputils:change-theme',"
            " { theme: 'JupyterLab Light' })"
        )

    def ask(self, question: str) -> None:
        """Write a question and send it."""
        self.page.fill(".clew-Field", question)
        self.page.press(".clew-Field", "Enter")

    def answered(self, text: str = "") -> None:
        """Wait until the last question is answered, with this text."""
        self.page.wait_for_selector(
            f".clew-Turn.clew-mod-over:last-child .clew-Answer:has-text({text!r})"
        )

    def press(self, label: str) -> None:
        """Press a button of the panel."""
        self.page.locator(".clew-Panel").get_by_role("button", name=label, exact=True).last.click()

    def sees(self, text: str) -> None:
        """Wait until the panel shows a text."""
        self.page.locator(".clew-Panel").get_by_text(text).last.wait_for()

    def cells(self) -> list[str]:
        """Read the live cells of the notebook in front."""
        return list(self.page.evaluate(CELLS))

    def run_cell(self) -> None:
        """Run the cell in front, once there is a kernel."""
        self.page.evaluate("""async () => {
          const panel = window.jupyterapp.shell.currentWidget;
          await panel.sessionContext.ready;
          await window.jupyterapp.commands.execute('notebook:run-cell');
        }""")

    def run_all(self) -> None:
        """Run all cells, once there is a kernel, to their end."""
        self.page.evaluate("""async () => {
          const panel = window.jupyterapp.shell.currentWidget;
          await panel.sessionContext.ready;
          await window.jupyterapp.commands.execute('notebook:run-all-cells');
        }""")

    def save(self) -> None:
        """Save the notebook in front."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def shot(self, name: str) -> None:
        """Keep a picture."""
        self.page.screenshot(path=self.shots / f"{name}.png", animations="disabled")
