"""Compiles the native modules for a wheel or an editable installation; without a compiler they are left out."""

from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

#: Where packages are, by their names.
PACKAGES = {"tasker_schemas": "schemas/tasker_schemas", "tasker_consumers": "consumers/tasker_consumers"}


class NativeModulesHook(BuildHookInterface[Any]):
    """Adds the compiled modules to what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Compile beside the sources, where an editable installation finds them too."""
        for module, built in _compiled().items():
            if built.exists():
                folder = module.rpartition(".")[0].replace(".", "/")
                build_data["force_include"][str(built)] = f"{folder}/{built.name}"
                build_data.update(pure_python=False, infer_tag=True)


def _compiled() -> dict[str, Path]:
    """Return by module where it is, if it could be made; hatchling runs this in the project's root."""
    sources = [source for folder in PACKAGES.values() for source in Path(folder).rglob("*.pyx")]
    modules = {".".join(source.with_suffix("").parts[1:]): str(source) for source in sources}
    extensions = cythonize([Extension(module, [source]) for module, source in modules.items()], build_dir="build")
    for extension in extensions:
        extension.optional = True  # which cythonize would forget
    build: Any = Distribution({"ext_modules": extensions, "package_dir": PACKAGES}).get_command_obj("build_ext")
    build.inplace = True
    build.ensure_finalized()
    build.run()
    return {module: Path(build.get_ext_fullpath(module)) for module in modules}
