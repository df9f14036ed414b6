"""A validator for the part of JSON Schema 2020-12 that our OpenAPI document uses.

A keyword that it does not know fails, so that nothing goes unchecked.
"""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SAY_NOTHING = {"title", "description", "default", "format", "$defs", "contentMediaType"}


def errors(value: Any, schema: Any, document: dict[str, Any], at: str = "$") -> list[str]:
    """What is wrong with `value`, each with its place; `document` is where references lead to."""
    found: list[str] = []
    if schema is True:
        return found
    for keyword, wanted in schema.items():
        if keyword in _SAY_NOTHING:
            continue
        check = _CHECKS.get(keyword)
        if check is None:
            found.append(f"{at}: the validator does not know {keyword!r}")
        elif isinstance(value, _APPLIES_TO.get(keyword, object)):
            found += check(value, wanted, schema, document, at)
    return found


def resolve(reference: str, document: dict[str, Any]) -> Any:
    """What a `#/…` reference leads to."""
    assert reference.startswith("#/"), reference
    found: Any = document
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def is_type(value: Any, name: str) -> bool:
    """Whether `value` is of a JSON type; a boolean is no number."""
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _type(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    fits = any(is_type(value, name) for name in names)
    return [] if fits else [f"{at}: {value!r} is not of type {wanted}"]


def _ref(value: Any, wanted: Any, _schema: Any, document: Any, at: str) -> list[str]:
    return errors(value, resolve(wanted, document), document, at)


def _any_of(value: Any, wanted: Any, _schema: Any, document: Any, at: str) -> list[str]:
    tried = [errors(value, each, document, at) for each in wanted]
    return [] if not all(tried) else [f"{at}: fits none of: {tried}"]


def _enum(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    return [] if value in wanted else [f"{at}: {value!r} is not one of {wanted}"]


def _const(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    return [] if value == wanted else [f"{at}: {value!r} is not {wanted!r}"]


def _required(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    return [f"{at}: {name} is missing" for name in wanted if name not in value]


def _properties(value: Any, wanted: Any, _schema: Any, document: Any, at: str) -> list[str]:
    return [
        error
        for name, schema in wanted.items()
        if name in value
        for error in errors(value[name], schema, document, f"{at}.{name}")
    ]


def _additional(value: Any, wanted: Any, schema: Any, document: Any, at: str) -> list[str]:
    further = [name for name in value if name not in schema.get("properties", {})]
    if wanted is False:
        return [f"{at}: {name} is not declared" for name in further]
    return [e for name in further for e in errors(value[name], wanted, document, f"{at}.{name}")]


def _items(value: Any, wanted: Any, _schema: Any, document: Any, at: str) -> list[str]:
    return [e for i, item in enumerate(value) for e in errors(item, wanted, document, f"{at}[{i}]")]


def _pattern(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    return [] if re.search(wanted, value) else [f"{at}: {value!r} does not match {wanted}"]


def _least(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    return [] if _measure(value) >= wanted else [f"{at}: less than {wanted}"]


def _most(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    return [] if _measure(value) <= wanted else [f"{at}: more than {wanted}"]


def _unique(value: Any, wanted: Any, _schema: Any, _document: Any, at: str) -> list[str]:
    texts = [repr(item) for item in value]
    return [] if not wanted or len(set(texts)) == len(texts) else [f"{at}: something stands twice"]


def _measure(value: Any) -> float:
    return value if isinstance(value, int | float) else len(value)


_CHECKS = {
    "type": _type,
    "$ref": _ref,
    "anyOf": _any_of,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "pattern": _pattern,
    "minimum": _least,
    "minLength": _least,
    "minItems": _least,
    "maximum": _most,
    "maxLength": _most,
    "maxItems": _most,
    "uniqueItems": _unique,
}
_APPLIES_TO: dict[str, Any] = {
    "required": dict,
    "properties": dict,
    "additionalProperties": dict,
    "items": list,
    "minItems": list,
    "maxItems": list,
    "uniqueItems": list,
    "pattern": str,
    "minLength": str,
    "maxLength": str,
    "minimum": int | float,
    "maximum": int | float,
}
"""A keyword says nothing of values of other types."""
