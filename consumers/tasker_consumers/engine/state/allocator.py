"""The C library's allocator: memory that RocksDB frees goes back to the system."""

import ctypes
import functools

#: The blocks of RocksDB's memtables have 1 MiB, so each is mapped, and unmapped when it is freed. The batches
#: of a changelog are smaller: with half of this a restore mapped and unmapped each of them, and took longer.
_MAPPED_FROM_BYTES = 1 << 20
_M_MMAP_THRESHOLD = -3  # of malloc.h


@functools.cache
def return_freed_blocks() -> bool:
    """Have glibc map large blocks one by one, and return whether this C library can.

    By itself glibc raises its threshold to the size of the first block that is freed, and takes all later blocks from
    its heaps. Blocks of other sizes between them keep these heaps large: 24 partitions took twice the memory of 6.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM_BYTES))
    except (AttributeError, OSError, TypeError):  # another C library than glibc
        return False
