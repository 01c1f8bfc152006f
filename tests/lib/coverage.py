# SPDX-License-Identifier: MIT
"""What a server announces must be exercised by some test: each session notes both, the runner compares.

Notes go into the folder named by OLLAMA_LS_COVERAGE, one JSON line per session.
"""
import json
import os
import pathlib

PROVIDERS = {
    "completionProvider": "textDocument/completion", "hoverProvider": "textDocument/hover",
    "codeActionProvider": "textDocument/codeAction", "documentLinkProvider": "textDocument/documentLink",
    "codeLensProvider": "textDocument/codeLens", "inlayHintProvider": "textDocument/inlayHint",
    "definitionProvider": "textDocument/definition", "referencesProvider": "textDocument/references",
    "documentHighlightProvider": "textDocument/documentHighlight",
    "renameProvider": "textDocument/rename", "workspaceSymbolProvider": "workspace/symbol",
    "documentSymbolProvider": "textDocument/documentSymbol",
    "foldingRangeProvider": "textDocument/foldingRange",
    "semanticTokensProvider": "textDocument/semanticTokens/full",
    "documentFormattingProvider": "textDocument/formatting",
    "inlineCompletionProvider": "textDocument/inlineCompletion",
    "diagnosticProvider": "textDocument/diagnostic",
}
RESOLVES = {"completionProvider": "completionItem/resolve", "codeActionProvider": "codeAction/resolve",
            "codeLensProvider": "codeLens/resolve", "documentLinkProvider": "documentLink/resolve",
            "inlayHintProvider": "inlayHint/resolve"}


def announced(capabilities):
    """Every request and command that an InitializeResult promises."""
    found = set()
    for provider, method in PROVIDERS.items():
        value = capabilities.get(provider)
        if value is None or value is False:
            continue
        found.add(method)
        if isinstance(value, dict) and value.get("resolveProvider"):
            found.add(RESOLVES[provider])
    diagnostics = capabilities.get("diagnosticProvider") or {}
    if diagnostics.get("workspaceDiagnostics"):
        found.add("workspace/diagnostic")
    return found | set((capabilities.get("executeCommandProvider") or {}).get("commands", []))


def note(client):
    """Called at the end of a session."""
    folder = os.environ.get("OLLAMA_LS_COVERAGE")
    if not folder or not client.result:
        return
    used = {entry["method"] for entry in client.requests.values()}
    used |= {(entry["params"] or {}).get("command") for entry in client.requests.values()
             if entry["method"] == "workspace/executeCommand" and isinstance(entry["params"], dict)}
    line = json.dumps({"announced": sorted(announced(client.result["capabilities"])),
                       "used": sorted(name for name in used if isinstance(name, str))})
    with open(pathlib.Path(folder) / str(os.getpid()), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def never_used(folder):
    """What some session announced and none used."""
    promised, used = set(), set()
    for path in pathlib.Path(folder).iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            promised |= set(row["announced"])
            used |= set(row["used"])
    return sorted(promised - used)
