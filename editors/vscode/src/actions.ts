// SPDX-License-Identifier: MIT
//
// AI actions by palette, context menu and keys. The lightbulb needs none of this: the server lists
// them there, and the client runs what it lists.
import * as vscode from "vscode";
import type { Server } from "./client";

const ACTIONS = ["explain", "fix", "refactor", "simplify", "optimise", "document", "types", "tests", "complete"];

export function registerActions(server: Server): vscode.Disposable[] {
    const register = (name: string, run: (more?: unknown) => unknown): vscode.Disposable =>
        vscode.commands.registerCommand(`ollamaLs.${name}`, run);
    return [
        ...ACTIONS.map((action) => register(`ai.${action}`, (more) => run(server, action, more))),
        register("ai.edit", (more) => edit(server, more)),
        register("action", () => choose()),
    ];
}

function here(): vscode.TextEditor | undefined {
    const editor = vscode.window.activeTextEditor;
    if (editor && ["file", "untitled"].includes(editor.document.uri.scheme)) {
        return editor;
    }
    void vscode.window.showInformationMessage("AI actions work on files and unsaved texts: open one and put the cursor where it shall work.");
    return undefined;
}

// What a key binding's "args" may add: {"model": "…", "review": true, "instruction": "…"}. From the
// context menu comes something else, which is not meant.
function wishes(more: unknown): Record<string, unknown> {
    const known = ["model", "review", "instruction"];
    const given = typeof more === "object" && more !== null && !(more instanceof vscode.Uri) ? Object.entries(more) : [];
    return Object.fromEntries(given.filter(([key]) => known.includes(key)));
}

async function run(server: Server, action: string, more?: unknown): Promise<void> {
    const editor = here();
    if (!editor) {
        return;
    }
    const { document, selection } = editor;
    const argument: Record<string, unknown> = {
        action,
        uri: server.uri(document.uri),
        range: { start: place(selection.start), end: place(selection.end) },
        ...wishes(more),
    };
    if (action === "fix") {
        const found = vscode.languages
            .getDiagnostics(document.uri)
            .filter((one) => one.source !== "ollama-ls" && one.range.intersection(selection) !== undefined);
        if (found.length === 0) {
            void vscode.window.showInformationMessage("There is no problem here to fix: put the cursor on one.");
            return;
        }
        argument.diagnostics = await server.diagnostics(found);
    }
    await server.run("ai", argument);
}

async function edit(server: Server, more?: unknown): Promise<void> {
    if (!here()) {
        return;
    }
    if (wishes(more).instruction) {
        await run(server, "edit", more);
        return;
    }
    const instruction = await vscode.window.showInputBox({
        title: "Edit with AI",
        prompt: "What shall be done with the selection, or with what stands at the cursor?",
        ignoreFocusOut: true,
    });
    if (instruction?.trim()) {
        await run(server, "edit", { ...wishes(more), instruction: instruction.trim() });
    }
}

// All that the server offers here, the user's own actions among them.
async function choose(): Promise<void> {
    const editor = here();
    if (!editor) {
        return;
    }
    const lists = await Promise.all(
        ["refactor.rewrite.ollama-ls", "ollama-ls.explain", "quickfix"].map((kind) =>
            vscode.commands.executeCommand<vscode.CodeAction[]>("vscode.executeCodeActionProvider", editor.document.uri, editor.selection, kind),
        ),
    );
    const seen = new Set<string>();
    const items = lists
        .flatMap((list) => list ?? [])
        .filter((action) => action.command?.command === "ollama-ls.ai" && !action.disabled)
        .filter((action) => !seen.has(action.title) && seen.add(action.title))
        .map((action) => ({ label: action.title, command: action.command! }));
    if (items.length === 0) {
        void vscode.window.showInformationMessage("No AI action can work here now; the status bar says how Ollama is.");
        return;
    }
    const choice = await vscode.window.showQuickPick(items, { placeHolder: "Which AI action?" });
    if (choice) {
        await vscode.commands.executeCommand(choice.command.command, ...(choice.command.arguments ?? []));
    }
}

function place(at: vscode.Position): { line: number; character: number } {
    return { line: at.line, character: at.character };
}
