"""Decompress the records of a Kafka batch, and stop at a limit: a few kilobytes can announce gigabytes.

The limit holds inside the decompressors: gzip, lz4 and zstd write into a buffer that is no larger, snappy says how much
it will write before it does.
"""

import struct
from collections.abc import Callable, Mapping
from mmap import mmap

import cramjam

#: Bytes that the records of a batch may have when they are decompressed. Kafka's limit, `max.message.bytes`, is of
#: compressed bytes; a topic of ours takes 16 MiB of them at most.
MAX_BATCH_BYTES = 64 << 20
#: A buffer that was written further than this is not kept, because the system would keep its memory.
_REUSED_BYTES = 8 << 20
_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER = len(_XERIAL_MAGIC) + 8  # and two versions, of four bytes each
_BUFFER_IS_FULL = "failed to write whole buffer"  # Rust's words, which cramjam passes on

Data = bytes | memoryview


class TooLargeError(ValueError):
    """A batch has more bytes than the limit when it is decompressed."""


class Decompressor:
    """Decompresses batches of at most `limit` bytes; used by a single thread at a time."""

    def __init__(self, limit: int = MAX_BATCH_BYTES) -> None:
        self._limit = limit
        self._buffer: mmap | None = None
        self._codecs: Mapping[int, Callable[[Data], bytes]] = {
            0: self._checked,
            1: lambda data: self._into(cramjam.gzip.decompress_into, data),
            2: lambda data: self._snappy(bytes(data)),
            3: lambda data: self._into(cramjam.lz4.decompress_into, data),
            4: lambda data: self._into(cramjam.zstd.decompress_into, data),
        }

    def decompress(self, codec: int, data: Data) -> bytes:
        """Return the records that were compressed with Kafka's codec of this number.

        Raises TooLargeError beyond the limit, and ValueError for data that the codec cannot read.
        """
        try:
            return self._codecs[codec](data)
        except KeyError:
            raise ValueError(f"Kafka has no compression codec {codec}") from None
        except (cramjam.DecompressionError, struct.error) as error:
            raise ValueError(f"damaged compressed data: {error}") from error

    def _checked(self, data: Data) -> bytes:
        if len(data) > self._limit:
            raise TooLargeError(f"{len(data)} bytes; the limit is {self._limit}")
        return bytes(data)

    def _into(self, decompress_into: Callable[[Data, mmap], int], data: Data) -> bytes:
        # An anonymous mapping takes no memory before it is written, however large the limit is.
        buffer, self._buffer = self._buffer or mmap(-1, self._limit), None
        try:
            size = decompress_into(data, buffer)
        except cramjam.DecompressionError as error:
            if _BUFFER_IS_FULL in str(error):
                raise TooLargeError(f"more than {self._limit} bytes when decompressed") from error
            raise
        if size <= _REUSED_BYTES:
            self._buffer = buffer
        return buffer[:size]

    def _snappy(self, data: bytes) -> bytes:
        if not data.startswith(_XERIAL_MAGIC) or len(data) < _XERIAL_HEADER:
            return self._snappy_block(data, self._limit)
        blocks, size, position = list[bytes](), 0, _XERIAL_HEADER
        while position < len(data):
            (length,) = struct.unpack_from("!i", data, position)
            position += 4
            if not 0 <= length <= len(data) - position:
                raise ValueError("damaged compressed data: a snappy block that ends too early")
            blocks.append(self._snappy_block(data[position : position + length], self._limit - size))
            size += len(blocks[-1])
            position += length
        return b"".join(blocks)

    def _snappy_block(self, data: bytes, limit: int) -> bytes:
        size = cramjam.snappy.decompress_raw_len(data)
        if size > limit:
            raise TooLargeError(f"more than {self._limit} bytes when decompressed")
        return bytes(cramjam.snappy.decompress_raw(data))
