"""A batch is decompressed as aiokafka does it, up to a limit that the decompressor itself observes."""

import gzip
import resource
import struct
from collections.abc import Callable

import cramjam
import pytest
from aiokafka import codec as aiokafka_codec
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.faust.decompression import Decompressor, TooLargeError

GZIP, SNAPPY, LZ4, ZSTD = range(1, 5)
COMPRESS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (0, bytes),
    "gzip": (GZIP, aiokafka_codec.gzip_encode),
    "snappy in blocks": (SNAPPY, aiokafka_codec.snappy_encode),
    "snappy as one block": (SNAPPY, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    "lz4": (LZ4, aiokafka_codec.lz4_encode),
    "zstd": (ZSTD, aiokafka_codec.zstd_encode),
}
READ = {
    1: aiokafka_codec.gzip_decode,
    2: aiokafka_codec.snappy_decode,
    3: aiokafka_codec.lz4_decode,
    4: aiokafka_codec.zstd_decode,
}


@pytest.mark.parametrize("name", COMPRESS)
@given(data=st.binary(max_size=5000))
def test_data_come_back_as_they_were(name: str, data: bytes) -> None:
    codec, compress = COMPRESS[name]
    assert Decompressor().decompress(codec, compress(data)) == data


@pytest.mark.parametrize("name", COMPRESS)
def test_the_limit_itself_is_allowed_and_a_byte_more_is_not(name: str) -> None:
    codec, compress = COMPRESS[name]
    assert len(Decompressor(100_000).decompress(codec, compress(bytes(100_000)))) == 100_000
    with pytest.raises(TooLargeError, match="100000"):
        Decompressor(100_000).decompress(codec, compress(bytes(100_001)))


@pytest.mark.parametrize("name", [name for name in COMPRESS if name != "none"])
def test_a_bomb_takes_no_more_memory_than_the_limit(name: str) -> None:
    codec, compress = COMPRESS[name]
    bomb, decompressor = compress(bytes(100 << 20)), Decompressor(1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLargeError):
        decompressor.decompress(codec, bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 << 10, "KiB more at the peak"


@given(codec=st.sampled_from(sorted(READ)), data=st.binary(max_size=200))
def test_damaged_data_raise_value_error(codec: int, data: bytes) -> None:
    try:
        decompressed = Decompressor(1 << 20).decompress(codec, data)
    except ValueError:
        return
    assert decompressed == READ[codec](data)


@pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1, 5])
def test_a_snappy_block_that_is_longer_than_the_data_raises_value_error(length: int) -> None:
    data = aiokafka_codec.snappy_encode(b"data")[:16] + struct.pack("!i", length) + b"1234"
    with pytest.raises(ValueError, match="damaged"):
        Decompressor().decompress(SNAPPY, data)


def test_gzip_members_and_zstd_frames_that_follow_each_other_are_all_read() -> None:
    decompressor = Decompressor()
    assert decompressor.decompress(GZIP, gzip.compress(b"one, ") + gzip.compress(b"two")) == b"one, two"
    frames = aiokafka_codec.zstd_encode(b"one, ") + aiokafka_codec.zstd_encode(b"two")
    assert decompressor.decompress(ZSTD, frames) == b"one, two"


def test_a_codec_that_kafka_does_not_have_raises_value_error() -> None:
    with pytest.raises(ValueError, match="no compression codec 7"):
        Decompressor().decompress(7, b"")
