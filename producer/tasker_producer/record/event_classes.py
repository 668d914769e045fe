"""Events that a service writes as classes: dataclasses, and models of pydantic, which nobody has to have installed."""

import dataclasses
from collections.abc import Mapping
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


def fields_of_object(value: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass's instance or of a pydantic model; None for any other object.

    >>> @dataclasses.dataclass
    ... class OrderPaid:
    ...     amount: float
    >>> fields_of_object(OrderPaid(12.5)), fields_of_object(OrderPaid), fields_of_object("12.5")
    ({'amount': 12.5}, None, None)
    """
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    declared = _pydantic_fields(kind)
    if declared is None:
        return None
    extra = getattr(value, "model_extra", None)
    return {name: getattr(value, name) for name in declared} | (dict(extra) if extra else {})


def attributes_of_class(kind: type) -> dict[str, Any]:
    """Return a type for each field of a dataclass or of a pydantic model; a field with a default may be left out.

    Of `list[int]` only `list` is checked, and nothing of a `Literal` or the like. Empty for any other class.

    >>> @dataclasses.dataclass
    ... class OrderPaid:
    ...     amount: float
    ...     items: list[str] = dataclasses.field(default_factory=list)
    >>> attributes_of_class(OrderPaid)
    {'amount': <class 'float'>, 'items': list | None}
    """
    if dataclasses.is_dataclass(kind):
        absent = dataclasses.MISSING
        needed = {
            field.name: field.default is absent and field.default_factory is absent
            for field in dataclasses.fields(kind)
        }
    else:
        needed = {name: field.is_required() for name, field in (_pydantic_fields(kind) or {}).items()}
    hints = _hints(kind)
    types = {name: _checkable(hints.get(name, object)) for name in needed}
    return {
        name: declared if needed[name] or declared is object else declared | None for name, declared in types.items()
    }


def _pydantic_fields(kind: type) -> Mapping[str, Any] | None:
    bases = (f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)
    return kind.model_fields if "pydantic.main.BaseModel" in bases else None  # type: ignore[attr-defined]


def _hints(kind: type) -> dict[str, Any]:
    """Return the annotations as objects; those that name nothing known here, such as a local class, as they stand."""
    try:
        return get_type_hints(kind)
    except Exception:  # noqa: BLE001  the annotations are any code of the service
        return {name: hint for base in reversed(kind.__mro__) for name, hint in get_annotations(base).items()}


def _checkable(hint: Any) -> Any:
    """Return the class, or union of classes, that a value of this annotation is an instance of; `object` for others."""
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint
    origin = get_origin(hint)
    if hint is None or hint is NoneType:
        return NoneType
    if origin is Annotated:
        return _checkable(get_args(hint)[0])
    if origin in {Union, UnionType}:
        return _united([_checkable(part) for part in get_args(hint)])
    return origin if isinstance(origin, type) else object


def _united(types: list[Any]) -> Any:
    if object in types:
        return object
    united = types[0]
    for kind in types[1:]:
        united = united | kind
    return united
