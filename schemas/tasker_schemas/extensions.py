"""Compiled modules: which there are, their Python forms, and the variable that switches all of them off.

Two kinds are compiled, where there is a compiler (docs/decisions/0016). A module `_name_c` is written in Cython; a user
of it asks `compiled_or` and names the Python form. A module with C types (`.pxd`) beside it is the same source,
compiled: Python finds it by itself. With `TASKER_NO_EXTENSIONS=1` neither kind is found, and everything runs from
Python sources.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from tasker_schemas.environment import flag
from tasker_schemas.errors import ConfigurationError

NO_EXTENSIONS = "TASKER_NO_EXTENSIONS"
_PACKAGES = ("tasker_schemas", "tasker_producer", "tasker_consumers")


def obey_environment(environ: Mapping[str, str] = os.environ) -> None:
    """Let no compiled module of ours be imported from now on, if `TASKER_NO_EXTENSIONS` says so.

    A value that is no flag makes a warning and changes nothing: an import must not end the service that embeds us.
    """
    try:
        if flag(environ, NO_EXTENSIONS, default=False) and not _is_switched_off():
            sys.meta_path.insert(0, SourcesOnly())
    except ConfigurationError as error:
        warnings.warn(str(error), RuntimeWarning, stacklevel=2)


def compiled_or(module: str, name: str, python_form: Any) -> Any:
    """Return `name` of a compiled module, or `python_form` where the module was not compiled or is switched off."""
    try:
        return getattr(import_module(module), name)
    except ImportError:
        return python_form


def native_state() -> str:
    """Say whether compiled modules are in use, for a version line or a log: yes, no, or which of them are missing.

    A module counts as compiled if its compiled form lies beside its source, for this version of Python.
    """
    if _is_switched_off():
        return f"no: {NO_EXTENSIONS} is set"
    states = {module: is_compiled for package in _PACKAGES for module, is_compiled in _modules_of(package)}
    missing = [module for module, is_compiled in states.items() if not is_compiled]
    if not missing:
        return "yes" if states else "no"
    return "no" if len(missing) == len(states) else f"partly: {', '.join(sorted(missing))} missing"


class SourcesOnly(MetaPathFinder):
    """Finds the Python sources of our modules, and no module that exists only compiled."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a source; raises ModuleNotFoundError for a module without one."""
        if fullname.partition(".")[0] not in _PACKAGES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or not spec.origin.endswith(tuple(EXTENSION_SUFFIXES)):
            return spec
        source = Path(spec.origin).with_name(f"{fullname.rpartition('.')[2]}.py")
        if not source.exists():
            raise ModuleNotFoundError(f"{fullname} exists only compiled, and {NO_EXTENSIONS} is set", name=fullname)
        return spec_from_file_location(fullname, source)


def _is_switched_off() -> bool:
    return any(isinstance(finder, SourcesOnly) for finder in sys.meta_path)


def _modules_of(package: str) -> Iterator[tuple[str, bool]]:
    """Yield each module of a package that can be compiled, and whether it is."""
    spec = find_spec(package)
    for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
        for source in sorted((*folder.rglob("*.pyx"), *folder.rglob("*.pxd"))):
            module = ".".join((package, *source.relative_to(folder).with_suffix("").parts))
            yield module, any(source.with_name(source.stem + suffix).exists() for suffix in EXTENSION_SUFFIXES)
