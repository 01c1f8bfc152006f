// SPDX-License-Identifier: MIT
//
// Answers that are to be read: a read-only document beside the code, shown by VS Code's own Markdown
// preview. The server has made images, links and HTML plain text; the preview runs no commands.
import * as vscode from "vscode";

const SCHEME = "ollama-ls-explain";
const KEPT_MAX = 30;
const UPDATE_MS = 120; // the preview renders the whole document anew

export class Panel implements vscode.TextDocumentContentProvider, vscode.Disposable {
    private readonly texts = new Map<string, string>(); // by URI, oldest first
    private readonly late = new Map<string, NodeJS.Timeout>();
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changed.event;
    private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

    provideTextDocumentContent(uri: vscode.Uri): string {
        return this.texts.get(uri.toString()) ?? "This text is gone.\n";
    }

    // `key` makes it another document than one of the same title.
    uri(title: string, key: string): vscode.Uri {
        const name = title.replace(/[/\\?#\s]+/g, " ").trim();
        return vscode.Uri.from({ scheme: SCHEME, path: `/${encodeURIComponent(key)}/${name}.md` });
    }

    set(uri: vscode.Uri, text: string): void {
        const key = uri.toString();
        this.texts.set(key, text);
        if (this.texts.size > KEPT_MAX) {
            this.texts.delete(this.texts.keys().next().value as string);
        }
        if (!this.late.has(key)) {
            this.late.set(
                key,
                setTimeout(() => {
                    this.late.delete(key);
                    this.changed.fire(uri);
                }, UPDATE_MS),
            );
        }
    }

    // Beside the editor, which keeps the focus.
    async show(uri: vscode.Uri): Promise<void> {
        const options = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: false };
        try {
            await vscode.commands.executeCommand("vscode.openWith", uri, "vscode.markdown.preview.editor", options);
        } catch {
            await vscode.window.showTextDocument(uri, options); // there is no preview here
        }
    }

    dispose(): void {
        this.late.forEach((timer) => clearTimeout(timer));
        this.registration.dispose();
        this.changed.dispose();
    }
}
