"""The published JSON Schema of the facts of one rule package (``jmdesk score --schema``)."""

from __future__ import annotations

from jmdesk.ratings.model import Field, Indicator, RulePackage


def facts_schema(package: RulePackage) -> dict[str, object]:
    """JSON Schema (draft 2020-12) of the facts that ``package`` reads; ``null`` means that it does not apply."""
    ids = [indicator.id for indicator in package.indicators]
    properties: dict[str, object] = {i.id: _indicator(i, package) for i in package.indicators}
    properties["vetoes"] = {
        "title": "暂缓评定情形，每条须有文书号或凭据号",
        "type": "array",
        "items": _object(
            {
                "code": {"enum": [v.code for v in package.vetoes], "description": _listing(_veto_texts(package))},
                "document": {"type": "string", "minLength": 1, "maxLength": 200},
            }
        ),
    }
    properties["not_applicable"] = {
        "title": "不适用的原因",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            i.id: {
                "enum": [absence.code for absence in i.not_applicable],
                "description": _listing({absence.code: absence.text for absence in i.not_applicable}),
            }
            for i in package.indicators
        },
    }
    properties["evidence"] = {
        "title": "依据的凭据",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string", "minLength": 1, "maxLength": 200} for name in ids},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{package.label} {package.title}",
        "type": "object",
        "additionalProperties": False,
        "required": ids,
        "properties": properties,
    }


def _veto_texts(package: RulePackage) -> dict[str, str]:
    return {veto.code: veto.text for veto in package.vetoes}


def _listing(texts: dict[str, str]) -> str:
    return "；".join(f"{code} {text}" for code, text in texts.items())


def _object(properties: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


def _indicator(indicator: Indicator, package: RulePackage) -> dict[str, object]:
    shape = _object({field.name: _field(field) for field in indicator.fields})
    if indicator.rows:
        shape = {"type": "array", "items": shape, "maxItems": 200}
    dimension = next(d.title for d in package.dimensions if d.id == indicator.dimension)
    title = f"{dimension}：{indicator.title}，满分{_decimal_text(indicator)}"
    return {"title": title, "oneOf": [{"type": "null"}, shape]}


def _decimal_text(indicator: Indicator) -> str:
    return f"{float(indicator.max):g}"


def _field(field: Field) -> dict[str, object]:
    found: dict[str, object] = {"title": f"{field.title}({field.unit})" if field.unit else field.title}
    if field.type == "code":
        found |= {"enum": [*field.codes, *([None] if field.nullable else [])], "description": _listing(field.codes)}
        return found
    if field.type == "ballots":
        pair = {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "integer", "minimum": 1}],
            "items": False,
        }
        return found | {"type": "array", "maxItems": 200, "items": pair | {"minItems": 2}}
    kind = "integer" if field.type == "int" else "string"
    found["type"] = [kind, "null"] if field.nullable else kind
    if field.type == "int":
        found |= {"minimum": 1 if field.positive else 0, "maximum": 10**9}
    else:
        sign = "-?" if field.signed else ""
        found["pattern"] = rf"^{sign}[0-9]{{1,{field.digits - field.scale}}}(\.[0-9]{{1,{field.scale}}})?$"
    return found
