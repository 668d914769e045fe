"""Zipkin: spans as its JSON, over HTTP."""
