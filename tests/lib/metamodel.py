# SPDX-License-Identifier: MIT
"""Checks messages against the official LSP meta model (metaModel.json, 3.18).

Every message a server under test sends goes through `Validator.check`. Unknown properties are
violations; the model itself leaves `experimental` open. This project's own notifications are
described below in the meta model's own terms (DESIGN.md A8, A11).
"""
import json
import os
import pathlib

INT_MIN, INT_MAX = -2 ** 31, 2 ** 31 - 1


def find_model():
    """Path of metaModel.json, or None. Never part of this repository: set OLLAMA_LS_METAMODEL."""
    named = os.environ.get("OLLAMA_LS_METAMODEL")
    if named:
        return named if os.path.exists(named) else None
    project = pathlib.Path(__file__).resolve().parents[2]
    beside = project.parent / "shared" / "lsp" / "metaModel.json"
    return str(beside) if beside.exists() else None


def _base(name):
    return {"kind": "base", "name": name}


def _ref(name):
    return {"kind": "reference", "name": name}


def _list(element):
    return {"kind": "array", "element": element}


def _struct(name, /, **members):
    """A structure; a member ending in `_` is optional."""
    properties = [{"name": key.rstrip("_"), "type": kind, "optional": key.endswith("_")}
                  for key, kind in members.items()]
    return {"name": name, "properties": properties}


def _enum(name, *values):
    return {"name": name, "type": _base("string"),
            "values": [{"name": value, "value": value} for value in values]}


STRING, BOOLEAN, NUMBER, NULL = _base("string"), _base("boolean"), _base("decimal"), _base("null")

OWN_ENUMS = [
    _enum("OwnHealth", "ok", "warning", "error"),
    _enum("OwnState", "ok", "starting", "loading", "busy", "stale", "unreachable", "error"),
    _enum("OwnOutput", "replace", "insert", "show"),
    _enum("OwnStreamKind", "begin", "delta", "thinking", "end"),
    _enum("OwnOutcome", "applied", "review", "conflict", "cancelled", "failed", "shown"),
]
OWN_STRUCTURES = [
    _struct("OwnServerStatus", health=_ref("OwnHealth"), quiescent=BOOLEAN, message_=STRING),
    _struct("OwnRunning", name=STRING, size=NUMBER, sizeVram=NUMBER, contextLength=NUMBER,
            expiresAt={"kind": "or", "items": [STRING, NULL]}, remote=BOOLEAN),
    _struct("OwnServer", name=STRING, url=STRING, reachable=BOOLEAN,
            version={"kind": "or", "items": [STRING, NULL]},
            latencyMs={"kind": "or", "items": [NUMBER, NULL]}, models=NUMBER,
            running=_list(_ref("OwnRunning")), error_=STRING),
    _struct("OwnActive", id=STRING, kind=STRING, model=STRING, tokens=NUMBER),
    _struct("OwnStatus", state=_ref("OwnState"), message=STRING,
            command_={"kind": "or", "items": [STRING, _ref("Command")]},
            servers=_list(_ref("OwnServer")), active=_list(_ref("OwnActive"))),
    _struct("OwnStreamError", message=STRING, remedy=STRING),
    _struct("OwnStream", id=STRING, seq=NUMBER, kind=_ref("OwnStreamKind"), uri_=STRING,
            range_=_ref("Range"), action_=STRING, output_=_ref("OwnOutput"), model_=STRING,
            text_=STRING,
            outcome_=_ref("OwnOutcome"), error_=_ref("OwnStreamError")),
]
OWN_NOTIFICATIONS = {
    "experimental/serverStatus": _ref("OwnServerStatus"),
    "$/ollama-ls/status": _ref("OwnStatus"),
    "$/ollama-ls/stream": _ref("OwnStream"),
}


class Validator:
    """Holds the model; stateless between messages apart from caches."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            model = json.load(file)
        self.version = model["metaData"]["version"]
        self.structures = {s["name"]: s for s in model["structures"] + OWN_STRUCTURES}
        self.enums = {e["name"]: e for e in model["enumerations"] + OWN_ENUMS}
        self.aliases = {a["name"]: a["type"] for a in model["typeAliases"]}
        self.requests = {r["method"]: r for r in model["requests"]}
        self.notifications = {n["method"]: n for n in model["notifications"]}
        self._members = {}

    # -- types -----------------------------------------------------------------------------

    def members(self, name):
        """Every property of a structure, inherited and mixed in ones included, by name."""
        if name not in self._members:
            found = {}
            structure = self.structures[name]
            for parent in structure.get("extends", []) + structure.get("mixins", []):
                found.update(self.members(parent["name"]))
            for member in structure["properties"]:
                found[member["name"]] = member
            self._members[name] = found
        return self._members[name]

    def _object(self, members, value, where):
        if not isinstance(value, dict):
            return ["%s: an object is wanted, not %s" % (where, _short(value))]
        errors = []
        for key, inner in value.items():
            if key not in members:
                errors.append("%s: unknown property %r" % (where, key))
            else:
                errors += self.type(members[key]["type"], inner, where + "." + key)
        for key, member in members.items():
            if key not in value and not member.get("optional"):
                errors.append("%s: property %r is missing" % (where, key))
        return errors

    def type(self, kind, value, where):
        """The violations of `value` against a meta-model type; empty when it conforms."""
        return getattr(self, "_" + kind["kind"])(kind, value, where)

    def _base(self, kind, value, where):
        name = kind["name"]
        if name in ("string", "DocumentUri", "URI"):
            good = isinstance(value, str)
            if good and name != "string":
                good = ":" in value
        elif name == "boolean":
            good = isinstance(value, bool)
        elif name == "null":
            good = value is None
        elif isinstance(value, bool):
            good = False
        elif name == "integer":
            good = isinstance(value, int) and INT_MIN <= value <= INT_MAX
        elif name == "uinteger":
            good = isinstance(value, int) and 0 <= value <= INT_MAX
        else:
            good = isinstance(value, (int, float))
        return [] if good else ["%s: %s is wanted, not %s" % (where, name, _short(value))]

    def _reference(self, kind, value, where):
        name = kind["name"]
        if name in ("LSPAny", "LSPObject", "LSPArray"):
            if name == "LSPObject" and not isinstance(value, dict):
                return ["%s: an object is wanted" % where]
            return []
        if name in self.structures:
            return self._object(self.members(name), value, where)
        if name in self.enums:
            enum = self.enums[name]
            errors = self.type(enum["type"], value, where)
            if not errors and not enum.get("supportsCustomValues"):
                if value not in [v["value"] for v in enum["values"]]:
                    errors = ["%s: %s is no %s" % (where, _short(value), name)]
            return errors
        return self.type(self.aliases[name], value, where)

    def _array(self, kind, value, where):
        if not isinstance(value, list):
            return ["%s: a list is wanted, not %s" % (where, _short(value))]
        errors = []
        for i, element in enumerate(value):
            errors += self.type(kind["element"], element, "%s[%d]" % (where, i))
        return errors

    def _map(self, kind, value, where):
        if not isinstance(value, dict):
            return ["%s: an object is wanted, not %s" % (where, _short(value))]
        errors = []
        for key, inner in value.items():
            errors += self.type(kind["value"], inner, where + "." + key)
        return errors

    def _or(self, kind, value, where):
        best = None
        for item in kind["items"]:
            errors = self.type(item, value, where)
            if not errors:
                return []
            if best is None or _depth(errors) > _depth(best):
                best = errors
        return best

    def _and(self, kind, value, where):
        members = {}
        for item in kind["items"]:
            members.update(self.members(item["name"]))
        return self._object(members, value, where)

    def _literal(self, kind, value, where):
        members = {p["name"]: p for p in kind["value"]["properties"]}
        return self._object(members, value, where)

    def _stringLiteral(self, kind, value, where):
        good = value == kind["value"]
        return [] if good else ["%s: %r is wanted, not %s" % (where, kind["value"], _short(value))]

    def _tuple(self, kind, value, where):
        if not isinstance(value, list) or len(value) != len(kind["items"]):
            return ["%s: a tuple of %d is wanted" % (where, len(kind["items"]))]
        errors = []
        for i, item in enumerate(kind["items"]):
            errors += self.type(item, value[i], "%s[%d]" % (where, i))
        return errors

    # -- messages --------------------------------------------------------------------------

    def check(self, message, method_of_id, tokens):
        """Violations of one server message.

        method_of_id: answers (type-tagged id) -> method of the client's request, or None.
        tokens: progress token -> None for work done, or the method whose partial result it is.
        """
        if not isinstance(message, dict):
            return ["a message must be an object, not %s" % _short(message)]
        if message.get("jsonrpc") != "2.0":
            return ["jsonrpc is %s" % _short(message.get("jsonrpc"))]
        if "method" in message:
            return self._call(message, tokens)
        return self._response(message, method_of_id)

    def _call(self, message, tokens):
        method = message["method"]
        errors = []
        extra = set(message) - {"jsonrpc", "id", "method", "params"}
        if extra:
            errors.append("%s: unknown members %s" % (method, sorted(extra)))
        if "id" in message:
            declared = self.requests.get(method)
            if type(message["id"]) not in (int, str):
                errors.append("%s: id must be an integer or a string" % method)
        elif method in OWN_NOTIFICATIONS:
            return errors + self.type(OWN_NOTIFICATIONS[method], message.get("params"), method)
        else:
            declared = self.notifications.get(method)
        if declared is None:
            return errors + ["%s: no such %s in LSP %s" % (
                method, "request" if "id" in message else "notification", self.version)]
        if declared["messageDirection"] not in ("serverToClient", "both"):
            errors.append("%s: only a client may send this" % method)
        if "params" in declared:
            errors += self.type(declared["params"], message.get("params"), method)
        elif message.get("params") is not None:
            errors.append("%s: takes no params" % method)
        if errors:
            return errors
        if method == "$/progress":
            errors += self._progress(message["params"], tokens)
        if method == "client/registerCapability":
            errors += self._registrations(message["params"]["registrations"])
        return errors

    def _progress(self, params, tokens):
        token = params["token"]
        if token not in tokens:
            return ["$/progress: unknown token %r" % (token,)]
        method, value = tokens[token], params["value"]
        if method:
            return self.type(self.requests[method]["partialResult"], value, "partial " + method)
        kinds = {"begin": "WorkDoneProgressBegin", "report": "WorkDoneProgressReport",
                 "end": "WorkDoneProgressEnd"}
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind not in kinds:
            return ["$/progress: kind is %s" % _short(kind)]
        return self.type(_ref(kinds[kind]), value, "$/progress " + kind)

    def _registrations(self, registrations):
        errors = []
        for registration in registrations:
            method, options = registration["method"], registration.get("registerOptions")
            declared = self.requests.get(method) or self.notifications.get(method)
            if declared is None:
                errors.append("registerCapability: no such method %s" % method)
            elif options is not None and declared.get("registrationOptions"):
                errors += self.type(declared["registrationOptions"], options,
                                    "registerOptions of " + method)
        return errors

    def _response(self, message, method_of_id):
        extra = set(message) - {"jsonrpc", "id", "result", "error"}
        errors = ["response: unknown members %s" % sorted(extra)] if extra else []
        if "id" not in message:
            return errors + ["response without id"]
        if ("result" in message) == ("error" in message):
            return errors + ["response %r: exactly one of result and error" % (message["id"],)]
        if "error" in message:
            literal = {"code": {"type": _base("integer")}, "message": {"type": STRING},
                       "data": {"type": _ref("LSPAny"), "optional": True}}
            return errors + self._object(literal, message["error"], "error")
        method = method_of_id(message["id"])
        declared = self.requests.get(method)
        if method is None:
            errors.append("response to an id never sent: %r" % (message["id"],))
        elif declared is None:
            errors.append("a result for %s, which LSP does not know" % method)
        else:
            errors += self.type(declared["result"], message["result"], "result of " + method)
        return errors


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 80 else text[:77] + "…"


def _depth(errors):
    """How far into the value the first violation lies: the best match goes deepest."""
    return max(e.split(":")[0].count(".") + e.split(":")[0].count("[") for e in errors)
