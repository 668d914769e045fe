"""Events as log records: each when it comes, in the trace and under the span of its work."""
