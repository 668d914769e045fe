"""What the command says where only the producer is installed."""

import subprocess
import sys

WITHOUT_TYPER = "import sys; sys.modules['typer'] = None; from tasker_consumers.cli import main; main()"


def test_without_the_extra_one_line_says_what_to_install() -> None:
    ended = subprocess.run([sys.executable, "-c", WITHOUT_TYPER], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "tasker: typer is not installed; the tools need pip install 'tasker-events[consumers]'\n"
