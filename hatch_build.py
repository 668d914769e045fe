"""Compiles the native modules for a wheel or an editable installation; without a compiler they are left out."""

from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

PACKAGE = "tasker_schemas"


class NativeModulesHook(BuildHookInterface[Any]):
    """Adds the compiled modules to what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Compile beside the sources, where an editable installation finds them too."""
        for built in filter(Path.exists, _compiled()):
            build_data["force_include"][str(built)] = f"{PACKAGE}/{built.name}"
            build_data.update(pure_python=False, infer_tag=True)


def _compiled() -> list[Path]:
    """Return where the compiled modules are, if they could be made; hatchling runs this in the project's root."""
    sources = {f"{PACKAGE}.{source.stem}": str(source) for source in Path("schemas", PACKAGE).glob("*.pyx")}
    extensions = cythonize([Extension(module, [source]) for module, source in sources.items()], build_dir="build")
    for extension in extensions:
        extension.optional = True  # which cythonize would forget
    described = {"ext_modules": extensions, "package_dir": {"": "schemas"}}
    build: Any = Distribution(described).get_command_obj("build_ext")
    build.inplace = True
    build.ensure_finalized()
    build.run()
    return [Path(build.get_ext_fullpath(module)) for module in sources]
