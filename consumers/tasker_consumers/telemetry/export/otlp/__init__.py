"""OTLP: spans and log records as bytes of our own writing, over HTTP and gRPC."""
