# Holds requests beside what a service publishes about them. Called with `openapi` or `discovery` and the published document;
# requests come as JSON on the input: {method, path, query, kind, body}. Writes a line for each fault, with the number of its
# request in front.
import json, re, sys
from urllib.parse import parse_qsl, unquote
from jsonschema import Draft4Validator

style, file = sys.argv[1:3]
document = json.load(open(file))


def closed(schema, depth=0):
    """The schema with its references resolved, in which what is not named is not allowed."""
    if not isinstance(schema, dict) or depth > 12:
        return schema
    if "$ref" in schema:
        return closed(resolve(schema["$ref"]), depth + 1)
    out = {}
    for key, value in schema.items():
        if key == "properties":
            out[key] = {k: closed(v, depth + 1) for k, v in value.items()}
        elif key in ("oneOf", "anyOf", "allOf"):
            out[key] = [closed(v, depth + 1) for v in value]
        elif key in ("items", "not"):
            out[key] = closed(value, depth + 1)
        elif key in ("type", "enum", "pattern", "additionalProperties", "minimum", "maximum", "minLength",
                     "maxLength", "minItems", "maxItems", "minProperties"):
            out[key] = value
        elif key == "required" and isinstance(value, list):
            out[key] = value
    if "properties" in out and "additionalProperties" not in out:
        out["additionalProperties"] = False
    if out.get("type") == "any":
        del out["type"]
    if schema.get("format") == "byte":
        out["pattern"] = "^[A-Za-z0-9_-]*$"
    return {"anyOf": [out, {"type": "null"}]} if schema.get("nullable") else out


class Operation:
    def __init__(self, method, path, parameters, body, body_needed):
        self.method, self.path, self.body, self.body_needed = method, path, body, body_needed
        self.parameters = {(p["in"], p["name"]): p for p in parameters}
        part = lambda name: ".+" if self.parameters.get(("path", name), {}).get("x-multi-segment") else "[^/]+"
        pieces = re.split(r"\{\+?([^}]+)\}", path)
        self.names = pieces[1::2]
        plain = [re.escape(p) for p in pieces[0::2]]
        self.literal = sum(len(p) for p in plain)
        groups = [f"({part(n)})" for n in self.names] + [""]
        self.pattern = re.compile("".join(p + g for p, g in zip(plain, groups)))


def resolve(ref):
    if style == "discovery":
        return document["schemas"][ref]
    at = document
    for step in ref.removeprefix("#/").split("/"):
        at = at[step]
    return at


def openapi():
    full = lambda x: resolve(x["$ref"]) if "$ref" in x else x
    for path, item in document["paths"].items():
        for method, op in item.items():
            if method not in ("get", "put", "post", "delete", "patch"):
                continue
            parameters = [full(p) for p in item.get("parameters", []) + op.get("parameters", [])]
            body = full(op.get("requestBody", {}))
            schema = body.get("content", {}).get("application/json", {}).get("schema")
            yield Operation(method.upper(), path, parameters, schema, body.get("required"))


def discovery():
    everywhere = [{**p, "in": p["location"], "name": n} for n, p in document["parameters"].items()]

    def methods(node):
        yield from node.get("methods", {}).values()
        for inner in node.get("resources", {}).values():
            yield from methods(inner)

    for m in methods(document):
        parameters = [{**p, "in": p["location"], "name": n} for n, p in m.get("parameters", {}).items()]
        for p in parameters + everywhere:
            p["schema"] = {k: v for k, v in p.items() if k in ("type", "enum", "pattern")}
        body = m.get("request")
        yield Operation(m["httpMethod"], "/" + m["path"], parameters + everywhere, body, bool(body))


def value_of(text, schema):
    kind = schema.get("type")
    if kind in ("integer", "number") and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return [value_of(text, schema.get("items", {}))] if kind == "array" else text


def faults(asked):
    fitting = [o for o in operations if o.pattern.fullmatch(asked["path"])]
    if not fitting:
        return ["no such path"]
    most = max(o.literal for o in fitting)
    here = [o for o in fitting if o.method == asked["method"] and o.literal == most]
    if not here:
        return ["no such method of this path"]
    op, out = here[0], []
    given = [("path", n, unquote(v)) for n, v in zip(op.names, op.pattern.fullmatch(asked["path"]).groups())]
    given += [("query", n, v) for n, v in parse_qsl(asked["query"], keep_blank_values=True)]
    for where, name, text in given:
        p = op.parameters.get((where, name))
        if p is None:
            out.append(f"no such {where} parameter: {name}")
            continue
        schema = closed(p["schema"])
        for e in Draft4Validator(schema).iter_errors(value_of(text, schema)):
            out.append(f"{where} parameter {name}: {e.message[:200]}")
    names = [n for _, n, _ in given]
    for n in {n for n in names if names.count(n) > 1}:
        p = op.parameters.get(("query", n), {})
        if not p.get("repeated") and p.get("schema", {}).get("type") != "array":
            out.append(f"query parameter {n} more than once")
    for (where, name), p in op.parameters.items():
        if p.get("required") and name not in names and where != "header":
            out.append(f"{where} parameter {name} is missing")
    if asked["body"] is not None:
        if op.body is None:
            out.append("a body where none is taken")
        elif "json" not in asked["kind"]:
            out.append(f"a body of type {asked['kind']}")
        else:
            for e in Draft4Validator(closed(op.body)).iter_errors(asked["body"]):
                at = "/".join(str(p) for p in e.absolute_path)
                out.append(f"body {at}: {e.message[:200]}")
    elif op.body_needed:
        out.append("no body")
    return out


operations = list({"openapi": openapi, "discovery": discovery}[style]())
requests = json.load(sys.stdin)
for n, asked in enumerate(requests):
    for fault in faults(asked):
        print(n, fault.replace("\n", " "))
print(f"{len(requests)} requests")
