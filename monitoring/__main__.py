"""Writes the files that follow from code and from alerts.yml: `python -m monitoring`."""

from monitoring.files import HERE, generated

for name, text in generated().items():
    (HERE / name).write_text(text, encoding="utf-8")
