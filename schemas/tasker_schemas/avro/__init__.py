"""Avro records: their versions, and reading and writing them."""
