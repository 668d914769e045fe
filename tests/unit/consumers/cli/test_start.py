"""The start of the command: where only the producer is installed, and when Ctrl-C comes before it is loaded."""

import os
import subprocess
import sys
from pathlib import Path

WITHOUT_TYPER = "import sys; sys.modules['typer'] = None; from tasker_consumers.cli import main; main()"

INTERRUPTED = """
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "tasker_consumers.cli.app":
            exec("raise KeyboardInterrupt")
sys.meta_path.insert(0, Interrupting())
from tasker_consumers.cli import main; main()
"""


def test_without_the_extra_one_line_says_what_to_install() -> None:
    ended = subprocess.run([sys.executable, "-c", WITHOUT_TYPER], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "tasker: typer is not installed; the tools need pip install 'tasker-events[consumers]'\n"


def test_ctrl_c_while_modules_are_loaded_is_quiet() -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_ctrl_c_while_modules_are_loaded_ends_a_module_that_runs_with_130_too(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-m", "interrupted"], env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")
