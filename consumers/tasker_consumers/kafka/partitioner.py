"""The partition of a key by Kafka's murmur2, as Java clients and our producer choose it."""

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key in a topic with this number of partitions.

    >>> partition_of(b"task_123", 6)
    4
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 of `data`, unsigned."""
    length = len(data)
    mixed = _SEED ^ length
    end_of_blocks = length & ~3
    for start in range(0, end_of_blocks, 4):
        block = int.from_bytes(data[start : start + 4], "little") * _M & _MASK
        block = (block ^ block >> 24) * _M & _MASK
        mixed = (mixed * _M & _MASK) ^ block
    if end_of_blocks < length:
        mixed = (mixed ^ int.from_bytes(data[end_of_blocks:], "little")) * _M & _MASK
    mixed = (mixed ^ mixed >> 13) * _M & _MASK
    return mixed ^ mixed >> 15
