"""Compiles the native modules for an editable installation, and for a wheel when `TASKER_BUILD_NATIVE=1` asks for it.

An installation from source compiles nothing otherwise: a service that only publishes must not wait for a compiler. The
wheels of a release are built with the variable (`make wheels`). Without a compiler the native modules are left out. An
editable installation is compiled with few optimizations, in half of the time; its modules are nearly as fast.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Asks for a wheel with native modules.
BUILD_NATIVE = "TASKER_BUILD_NATIVE"

#: Where packages are, by their names.
PACKAGES = {
    "tasker_schemas": "schemas/tasker_schemas",
    "tasker_producer": "producer/tasker_producer",
    "tasker_consumers": "consumers/tasker_consumers",
}

#: Python's own rules hold: annotations are for readers and mypy, and None has no attributes.
DIRECTIVES = {"language_level": 3, "annotation_typing": False, "nonecheck": True}


class NativeModulesHook(BuildHookInterface[Any]):
    """Adds the compiled modules to what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile beside the sources, where an editable installation finds them too."""
        if not _is_native(version, os.environ):
            return
        for module, built in _compiled(for_release=version != "editable").items():
            if built.exists():
                folder = module.rpartition(".")[0].replace(".", "/")
                build_data["force_include"][str(built)] = f"{folder}/{built.name}"
                build_data.update(pure_python=False, infer_tag=True)


def _is_native(version: str, environ: Mapping[str, str]) -> bool:
    """Return whether this build compiles; `version` is hatchling's word for the kind of installation."""
    return version == "editable" or environ.get(BUILD_NATIVE, "").strip().lower() in {"1", "true", "on", "yes"}


def _sources() -> Iterator[Path]:
    """Yield what is written in Cython, and the Python modules that a file of C types stands beside."""
    for folder in PACKAGES.values():
        yield from Path(folder).rglob("*.pyx")
        yield from (types.with_suffix(".py") for types in Path(folder).rglob("*.pxd"))


def _built() -> Iterator[Path]:
    for folder in PACKAGES.values():
        yield from Path(folder).rglob("*.so")


def _name(file: Path) -> str:
    """Return the name of the module that a source or a compiled file is."""
    return ".".join((*file.parts[1:-1], file.name.partition(".")[0]))


def _compiled(*, for_release: bool) -> dict[str, Path]:
    """Return by module where it is: all of them, or none could be made; hatchling runs this in the project's root.

    A release never takes a module that an editable installation has left in its place.
    """
    from Cython.Build import cythonize  # noqa: PLC0415  slow, and a pure wheel needs neither
    from setuptools import Distribution, Extension  # noqa: PLC0415

    compile_args = ["-g0"] if for_release else ["-g0", "-O1"]
    modules = {_name(source): str(source) for source in _sources()}
    for built in _built():
        if _name(built) not in modules:
            built.unlink()  # it would be imported in place of a module that is not compiled any more
    extensions = cythonize(
        [Extension(module, [source], extra_compile_args=compile_args) for module, source in modules.items()],
        build_dir="build",
        include_path=[folder.partition("/")[0] for folder in PACKAGES.values()],
        compiler_directives=DIRECTIVES,
        nthreads=os.cpu_count() or 1,
    )
    for extension in extensions:
        extension.optional = True  # which cythonize would forget
    build: Any = Distribution({"ext_modules": extensions, "package_dir": PACKAGES}).get_command_obj("build_ext")
    build.inplace = True
    build.parallel = os.cpu_count()
    build.force = for_release
    build.ensure_finalized()
    build.run()
    compiled = {extension.name: Path(build.get_ext_fullpath(extension.name)) for extension in extensions}
    if not all(_is_new(compiled[extension.name], Path(extension.sources[0])) for extension in extensions):
        # No compiler, or one that failed. They share C types, and an old one would be imported in place of its source.
        for module in compiled.values():
            module.unlink(missing_ok=True)
    return compiled


def _is_new(module: Path, source: Path) -> bool:
    return module.exists() and module.stat().st_mtime >= source.stat().st_mtime
