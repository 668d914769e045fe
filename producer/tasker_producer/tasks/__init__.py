"""The `with` blocks and decorators around tasks and steps."""
