# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""Attributes in protobuf's wire format, in C: the bytes of `protobuf.python_attributes`, a tenth of the time."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

include "tasker_consumers/telemetry/export/protobuf_writer.pxi"


def native_attributes(bytes tag not None, dict values not None):
    """Return repeated KeyValue fields; see `protobuf.attributes`."""
    cdef Buffer out = Buffer.__new__(Buffer)
    if not tag:
        raise ValueError("a field without a tag")
    _put_attributes(out, PyBytes_AS_STRING(tag), PyBytes_GET_SIZE(tag), values)
    return out.content()
