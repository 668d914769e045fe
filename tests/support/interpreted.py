"""Runs a module as if nothing of ours had been compiled: python -m tests.support.interpreted MODULE."""

import runpy
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGES = ("tasker_schemas", "tasker_consumers")


class SourcesOnly(MetaPathFinder):
    """Finds the sources of our modules, and none where there is only what was compiled."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path, target)
        if found is None or found.origin is None or not fullname.startswith(PACKAGES):
            return None
        compiled = Path(found.origin)
        if compiled.suffix != ".so":
            return found
        source = compiled.with_name(compiled.name.partition(".")[0] + ".py")
        if not source.exists():
            raise ImportError(f"{fullname} exists only compiled")
        return spec_from_file_location(fullname, source)


if __name__ == "__main__":
    sys.meta_path.insert(0, SourcesOnly())
    runpy.run_module(sys.argv[1], run_name="__main__")
