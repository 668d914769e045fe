"""OTLP: spans as bytes of our own writing, over HTTP and gRPC."""
