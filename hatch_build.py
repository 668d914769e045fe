"""Compiles the native reader for a wheel or an editable installation; where there is no compiler, it is left out."""

from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

MODULE = "tasker_schemas.native_reader"
SOURCE = "schemas/tasker_schemas/native_reader.pyx"


class NativeReaderHook(BuildHookInterface[Any]):
    """Adds the compiled module to what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Compile beside the source, where an editable installation finds it too."""
        built = _compiled()
        if built.exists():
            build_data["force_include"][str(built)] = f"tasker_schemas/{built.name}"
            build_data.update(pure_python=False, infer_tag=True)


def _compiled() -> Path:
    """Return where the compiled module is, if it could be made; hatchling runs this in the project's root."""
    extensions = cythonize([Extension(MODULE, [SOURCE], optional=True)], build_dir="build")
    build: Any = Distribution({"ext_modules": extensions, "package_dir": {"": "schemas"}}).get_command_obj("build_ext")
    build.inplace = True
    build.ensure_finalized()
    build.run()
    return Path(build.get_ext_fullpath(MODULE))
