"""Readers made for one schema each: Avro bytes to a dict, at a tenth of what fastavro takes, or half of it without C.

They cover what our schemas use, and refuse what fastavro lets pass: negative lengths and indexes, numbers of more than
64 bits. Where the package was installed without a C compiler, the code that `python_reader` writes does the same.
"""

from collections.abc import Callable, Collection
from typing import Any

from tasker_schemas.avro._reader_py import python_reader
from tasker_schemas.extensions import compiled_or

Reader = Callable[[bytes, int], tuple[dict[str, Any], int]]
"""Reads a record at a position, and returns it with the position behind it, which is too great if bytes are missing.

Raises IndexError or struct.error where the bytes end too early, ValueError where they cannot be right.
"""

_fastest: Callable[..., Reader] = compiled_or("tasker_schemas.avro._reader_c", "NativeReader", python_reader)


def make_reader(schema: Any, keep: Collection[str] | None = None) -> Reader:
    """Return a reader for records of one of our schemas; it holds no logical types.

    With `keep` the record has these fields only, and of these only what is neither null nor an empty text, list or map:
    what nobody asks for costs next to nothing then.
    """
    return _fastest(schema, keep)
