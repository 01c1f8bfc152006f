# SPDX-License-Identifier: MIT
"""Client capability profiles, and the check that a server uses nothing a client did not declare.

The meta model cannot express this: it says what a message may look like, not whom it may go to.
"""
import functools
import json
import pathlib

FOLDER = pathlib.Path(__file__).with_name("profiles")


def names():
    """Every profile on file."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@functools.lru_cache(maxsize=None)
def _text(name):
    return (FOLDER / (name + ".json")).read_text(encoding="utf-8")


def load(name):
    """The profile `name` as a fresh dictionary: clientInfo, capabilities."""
    return json.loads(_text(name))


def get(capabilities, path, default=None):
    """The member at a dotted path, or default."""
    value = capabilities
    for part in path.split("."):
        if not isinstance(value, dict) or value.get(part) is None:
            return default
        value = value[part]
    return value


def pulls(capabilities):
    """DESIGN.md A3: pull only with textDocument.diagnostic and workspace.diagnostics.refresh."""
    return (get(capabilities, "textDocument.diagnostic") is not None
            and get(capabilities, "workspace.diagnostics.refreshSupport") is True)


REQUEST_GATES = {
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/configuration": "workspace.configuration",
    "workspace/workspaceFolders": "workspace.workspaceFolders",
    "window/workDoneProgress/create": "window.workDoneProgress",
    "window/showDocument": "window.showDocument.support",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/inlayHint/refresh": "workspace.inlayHint.refreshSupport",
    "workspace/semanticTokens/refresh": "workspace.semanticTokens.refreshSupport",
    "workspace/diagnostic/refresh": "workspace.diagnostics.refreshSupport",
    "workspace/foldingRange/refresh": "workspace.foldingRange.refreshSupport",
    "workspace/textDocumentContent/refresh": "workspace.textDocumentContent",
}


class Conformance:
    """Checks what the server sends against one client's declared capabilities."""

    def __init__(self, capabilities, initialization_options=None):
        self.declared = capabilities
        self.options = initialization_options or {}
        self.used_push = self.used_pull = False

    def has(self, path):
        return bool(get(self.declared, path))

    def call(self, message):
        """Violations of one server request or notification."""
        method, params = message["method"], message.get("params") or {}
        gate = REQUEST_GATES.get(method)
        if gate and not self.has(gate):
            return ["%s although %s is not declared" % (method, gate)]
        handler = {
            "client/registerCapability": self._register,
            "workspace/applyEdit": self._apply_edit,
            "textDocument/publishDiagnostics": self._publish,
            "experimental/serverStatus": self._server_status,
            "$/ollama-ls/status": lambda p: self._option("status"),
            "$/ollama-ls/stream": lambda p: self._option("stream"),
            "window/showMessageRequest": lambda p: [],
        }.get(method)
        return handler(params) if handler else []

    def result(self, method, result, params):
        """Violations of the result of a client's request."""
        handler = {
            "initialize": self._initialize,
            "textDocument/completion": self._completion,
            "completionItem/resolve": lambda r, p: self._completion_item(r),
            "textDocument/hover": self._hover,
            "textDocument/codeAction": self._code_actions,
            "codeAction/resolve": lambda r, p: self._code_action(r),
            "textDocument/diagnostic": self._diagnostic_report,
        }.get(method)
        return handler(result, params) if handler and result is not None else []

    # -- handlers --------------------------------------------------------------------------

    def _option(self, name):
        if self.options.get(name) is True:
            return []
        return ["$/ollama-ls/%s without initializationOptions.%s" % (name, name)]

    def _server_status(self, params):
        if self.has("experimental.serverStatusNotification"):
            return []
        return ["experimental/serverStatus although not declared"]

    def _register(self, params):
        gates = {
            "workspace/didChangeConfiguration": "workspace.didChangeConfiguration",
            "workspace/didChangeWatchedFiles": "workspace.didChangeWatchedFiles",
            "workspace/didChangeWorkspaceFolders": "workspace.workspaceFolders",
            "textDocument/inlineCompletion": "textDocument.inlineCompletion",
            "textDocument/diagnostic": "textDocument.diagnostic",
        }
        errors = []
        for registration in params["registrations"]:
            method = registration["method"]
            path = gates.get(method)
            if path is None:
                errors.append("registers %s dynamically: announce it statically" % method)
            elif not self.has(path + ".dynamicRegistration"):
                errors.append("registers %s without %s.dynamicRegistration" % (method, path))
            if method == "workspace/didChangeWatchedFiles":
                for watcher in (registration.get("registerOptions") or {}).get("watchers", []):
                    if isinstance(watcher["globPattern"], dict) and not self.has(
                            "workspace.didChangeWatchedFiles.relativePatternSupport"):
                        errors.append("a relative pattern without relativePatternSupport")
        return errors

    def _apply_edit(self, params):
        errors = self.workspace_edit(params["edit"])
        if "metadata" in params and not self.has("workspace.workspaceEdit.metadataSupport"):
            errors.append("applyEdit metadata although not declared")
        return errors

    def workspace_edit(self, edit):
        errors = []
        if "documentChanges" in edit and not self.has("workspace.workspaceEdit.documentChanges"):
            errors.append("documentChanges although not declared")
        annotated = self.has("workspace.workspaceEdit.changeAnnotationSupport")
        if "changeAnnotations" in edit and not annotated:
            errors.append("changeAnnotations although not declared")
        for change in edit.get("documentChanges", []):
            if "kind" in change:
                allowed = get(self.declared, "workspace.workspaceEdit.resourceOperations", [])
                if change["kind"] not in allowed:
                    errors.append("resource operation %s not declared" % change["kind"])
                continue
            for text_edit in change["edits"]:
                if "snippet" in text_edit and not self.has(
                        "workspace.workspaceEdit.snippetEditSupport"):
                    errors.append("SnippetTextEdit although not declared")
                if "annotationId" in text_edit and not annotated:
                    errors.append("annotationId although not declared")
        return errors

    def _publish(self, params):
        self.used_push = True
        errors = []
        if pulls(self.declared):
            errors.append("pushes diagnostics to a client that pulls")
        if "version" in params and not self.has("textDocument.publishDiagnostics.versionSupport"):
            errors.append("publishDiagnostics version although not declared")
        return errors + self._diagnostics(params["diagnostics"], "textDocument.publishDiagnostics")

    def _diagnostics(self, diagnostics, base):
        errors = []
        for diagnostic in diagnostics:
            for member, flag in (("relatedInformation", "relatedInformation"),
                                 ("codeDescription", "codeDescriptionSupport"),
                                 ("data", "dataSupport")):
                if member in diagnostic and not self.has(base + "." + flag):
                    errors.append("diagnostic %s although %s.%s is not declared"
                                  % (member, base, flag))
            tags = get(self.declared, base + ".tagSupport.valueSet", [])
            if not set(diagnostic.get("tags", [])) <= set(tags):
                errors.append("diagnostic tags beyond valueSet")
            if not isinstance(diagnostic["message"], str) and not self.has(
                    "textDocument.diagnostic.markupMessageSupport"):
                errors.append("markup in a diagnostic message although not declared")
        return errors

    def _diagnostic_report(self, result, params):
        self.used_pull = True
        errors = self._diagnostics(result.get("items", []), "textDocument.diagnostic")
        if "relatedDocuments" in result and not self.has(
                "textDocument.diagnostic.relatedDocumentSupport"):
            errors.append("relatedDocuments although not declared")
        return errors

    def _initialize(self, result, params):
        told = result["capabilities"]
        errors = []
        if ("diagnosticProvider" in told) != pulls(self.declared):
            errors.append("diagnosticProvider %s for a client that %s" % (
                "announced" if "diagnosticProvider" in told else "missing",
                "pulls" if pulls(self.declared) else "wants push"))
        offered = get(self.declared, "general.positionEncodings", ["utf-16"])
        chosen = told.get("positionEncoding", "utf-16")
        if chosen not in offered and chosen != "utf-16":
            errors.append("positionEncoding %s was not offered" % chosen)
        if "utf-8" in offered and chosen != "utf-8":
            errors.append("utf-8 was offered but %s chosen" % chosen)
        return errors

    def _completion(self, result, params):
        errors = []
        items = result
        if isinstance(result, dict):
            items = result["items"]
            allowed = get(self.declared, "textDocument.completion.completionList.itemDefaults", [])
            for name in result.get("itemDefaults", {}):
                if name not in allowed:
                    errors.append("itemDefaults.%s although not declared" % name)
            if "applyKind" in result and not self.has(
                    "textDocument.completion.completionList.applyKindSupport"):
                errors.append("applyKind although not declared")
        for item in items:
            errors += self._completion_item(item)
        return errors

    def _completion_item(self, item):
        base = "textDocument.completion.completionItem."
        errors = []
        if item.get("insertTextFormat") == 2 and not self.has(base + "snippetSupport"):
            errors.append("snippet although not declared")
        if "labelDetails" in item and not self.has(base + "labelDetailsSupport"):
            errors.append("labelDetails although not declared")
        if "insert" in item.get("textEdit", {}) and not self.has(base + "insertReplaceSupport"):
            errors.append("InsertReplaceEdit although not declared")
        if "insertTextMode" in item and not self.has(base + "insertTextModeSupport"):
            errors.append("insertTextMode although not declared")
        if not set(item.get("tags", [])) <= set(get(self.declared, base + "tagSupport.valueSet", [])):
            errors.append("completion tags beyond valueSet")
        documentation = item.get("documentation")
        if isinstance(documentation, dict):
            allowed = get(self.declared, base + "documentationFormat", [])
            if documentation["kind"] not in allowed:
                errors.append("documentation as %s, which the client cannot show"
                              % documentation["kind"])
        return errors

    def _hover(self, result, params):
        contents = result["contents"]
        if isinstance(contents, dict) and "kind" in contents:
            allowed = get(self.declared, "textDocument.hover.contentFormat", [])
            if contents["kind"] == "markdown" and "markdown" not in allowed:
                return ["hover in markdown, which the client cannot show"]
        return []

    def _code_actions(self, result, params):
        literal = self.has("textDocument.codeAction.codeActionLiteralSupport")
        errors = []
        context = (params or {}).get("context", {})
        only = context.get("only")
        errors += ai_listing(result, params or {})
        for action in result:
            if isinstance(action.get("command"), str):
                continue
            if not literal:
                errors.append("a CodeAction literal although not declared")
            kind = action.get("kind", "")
            if only and not any(kind == o or kind.startswith(o + ".") or o == "" for o in only):
                errors.append("action of kind %r although only %r was asked" % (kind, only))
            errors += self._code_action(action)
        return errors

    def _code_action(self, action):
        base = "textDocument.codeAction."
        errors = []
        for member, flag in (("isPreferred", "isPreferredSupport"), ("data", "dataSupport"),
                             ("disabled", "disabledSupport")):
            if member in action and not self.has(base + flag):
                errors.append("action %s although not declared" % member)
        if not set(action.get("tags", [])) <= set(get(self.declared, base + "tagSupport.valueSet", [])):
            errors.append("action tags beyond valueSet")
        if "edit" in action:
            errors += self.workspace_edit(action["edit"])
        return errors + self._ai_action(action)

    def _ai_action(self, action):
        """DESIGN.md A8: a command, of a kind of ours, tagged where the client knows the tag."""
        name = ai_name(action)
        if name is None:
            return []
        errors = []
        if "edit" in action or "data" in action:
            errors.append("an AI action that is more than a command")
        if action.get("isPreferred"):
            errors.append("an AI action that is preferred")
        allowed = {"fix": "quickfix", "explain": "ollama-ls.explain"}.get(
            name, "refactor.rewrite.ollama-ls." + name)
        if name in BUILT_IN and action.get("kind") != allowed:
            errors.append("AI action %s of kind %r" % (name, action.get("kind")))
        known = get(self.declared, "textDocument.codeAction.tagSupport.valueSet", [])
        if 1 in known and action.get("tags") != [1]:
            errors.append("an AI action without the tag LLMGenerated")
        return errors


BUILT_IN = ("explain", "fix", "refactor", "simplify", "optimise", "document", "types", "tests",
            "complete", "edit")


def ai_name(action):
    """The AI action that a code action or command starts, or None."""
    command = action if isinstance(action.get("command"), str) else action.get("command") or {}
    if command.get("command") != "ollama-ls.ai":
        return None
    arguments = command.get("arguments") or [{}]
    return arguments[0].get("action", "?")


def ai_listing(result, params):
    """Which AI actions may be listed at all (DESIGN.md A8)."""
    context, span = params.get("context", {}), params.get("range", {})
    names = [ai_name(a) for a in result if ai_name(a)]
    errors = []
    if len(set(names)) != len(names):
        errors.append("an AI action is listed twice")
    if "fix" in names and not context.get("diagnostics"):
        errors.append("the AI action fix without a diagnostic")
    if context.get("triggerKind") == 2 or (span.get("start") == span.get("end")
                                           and not context.get("only")):
        if set(names) - {"fix"}:
            errors.append("AI actions beyond fix although nobody asked")
    return errors
