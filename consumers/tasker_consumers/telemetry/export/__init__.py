"""Spans to where they are looked at: OTLP, Zipkin, a file, a terminal."""
