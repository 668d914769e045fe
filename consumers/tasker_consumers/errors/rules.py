"""Rules that merge and split groups of errors, in a file. They change no row: without the file all is as before.

```yaml
merge:
  - into: payment gateway            # a name for people; also the id of the merged group
    groups: [1-6d0f…, 1-a01b…]       # fingerprints, from `tasker errors`
    classes: ["gateway.*"]           # or classes, with * and ?
split:
  - group: 1-77e0…
    by: step_name                    # task_name, step_name, service or service_version
```
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasker_schemas.errors import ConfigurationError

Dimension = Literal["task_name", "step_name", "service", "service_version"]
_Text = Annotated[str, Field(min_length=1, max_length=200)]


class MergeRule(BaseModel):
    """Groups that are shown as one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    into: _Text
    groups: tuple[_Text, ...] = ()
    classes: tuple[_Text, ...] = ()

    def takes(self, fingerprint: str, error_class: str | None) -> bool:
        """Return whether a group belongs to the merged group."""
        if fingerprint in self.groups:
            return True
        return error_class is not None and any(fnmatchcase(error_class, pattern) for pattern in self.classes)


class SplitRule(BaseModel):
    """A group that is shown as several, by the value of a dimension."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: _Text
    by: Dimension


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    merge: tuple[MergeRule, ...] = ()
    split: tuple[SplitRule, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """The rules of a file; without any each fingerprint is a group."""

    merge: tuple[MergeRule, ...] = ()
    split: Mapping[str, Dimension] = field(default_factory=dict)

    def group_of(self, row: Mapping[str, Any]) -> str:
        """Return the id of the group that shows a count of failures, with `fingerprint`, `error_class` and dimensions.

        >>> rules = ErrorRules(split={"1-a": "step_name"})
        >>> rules.group_of({"fingerprint": "1-a", "error_class": None, "step_name": "charge"})
        '1-a/charge'
        """
        fingerprint = row["fingerprint"]
        dimension = self.split.get(fingerprint)
        if dimension is not None:
            return f"{fingerprint}/{row[dimension] or '-'}"
        for rule in self.merge:
            if rule.takes(fingerprint, row["error_class"]):
                return rule.into
        return str(fingerprint)

    def fingerprints_of(self, group: str) -> list[str] | None:
        """Return the fingerprints that a group may show; None where it shows those of classes, whichever they are.

        >>> ErrorRules((MergeRule(into="gateway", groups=("1-a", "1-b")),)).fingerprints_of("gateway")
        ['1-a', '1-b', 'gateway']
        >>> ErrorRules(split={"1-a": "step_name"}).fingerprints_of("1-a/charge")
        ['1-a']
        """
        rules = [rule for rule in self.merge if rule.into == group]
        if any(rule.classes for rule in rules):
            return None
        return sorted({group.partition("/")[0], *(fingerprint for rule in rules for fingerprint in rule.groups)})


NO_RULES = ErrorRules()


def read_rules(path: Path | None) -> ErrorRules:
    """Return the rules of a YAML file; raises ConfigurationError, which names the entry that is wrong."""
    if path is None:
        return NO_RULES
    import yaml  # noqa: PLC0415  only whoever has rules waits for it

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        rules = _RuleFile.model_validate(document or {})
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"TASKER_ERROR_RULES is {str(path)!r}; expected a readable file ({error}).") from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"TASKER_ERROR_RULES: {path} is no YAML ({reason}).") from None
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(map(str, first["loc"])) or "the document"
        raise ConfigurationError(f"TASKER_ERROR_RULES: {path}, {entry}: {first['msg'].lower()}.") from None
    split = {rule.group: rule.by for rule in rules.split}
    if len(split) < len(rules.split):
        raise ConfigurationError(f"TASKER_ERROR_RULES: {path} splits a group twice; expected one split for each.")
    return ErrorRules(rules.merge, split)
