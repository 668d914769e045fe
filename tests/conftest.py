"""Fixtures that every test may use."""

pytest_plugins = [
    "tests.support.jvm_reader",
    "tests.support.kafka",
    "tests.support.maven_repository",
    "tests.support.registry",
    "tests.support.zipkin",
    "tests.support.downloads",  # the last: it imports others, whose asserts pytest rewrites before that
]
