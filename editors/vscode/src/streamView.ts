// SPDX-License-Identifier: MIT
//
// AI actions as they come: the range is dimmed, the text lies over it line by line, a lens above says
// how far it is and ends it. Nothing is in the document before the server's one edit, so one undo
// takes it back.
//
// VS Code lets an extension draw lines only beside existing ones. So each line of the preview is an
// attachment to a line of the document that is taken out of the flow (`position: absolute`) and
// painted over it. The styles are constants; text of the model goes nowhere but into contentText,
// which VS Code escapes.
import * as vscode from "vscode";
import type { Server } from "./client";
import type { Panel } from "./panel";
import type { StreamMessage } from "./protocol";
import { ghosts, heading, merged, Runs, type Run } from "./stream";

const DRAW_MS = 60;
const SCHEME = "ollama-ls-result";

export class StreamView implements vscode.Disposable, vscode.CodeLensProvider, vscode.TextDocumentContentProvider {
    private readonly runs = new Runs();
    private readonly panels = new Map<string, { uri: vscode.Uri; model: string }>(); // by id
    private readonly changedLenses = new vscode.EventEmitter<void>();
    readonly onDidChangeCodeLenses = this.changedLenses.event;
    private readonly changedResult = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changedResult.event;
    private timer: NodeJS.Timeout | undefined;
    private readonly dimmed = vscode.window.createTextEditorDecorationType({ opacity: "0.35" });
    private readonly struck = vscode.window.createTextEditorDecorationType({ opacity: "0.5", textDecoration: "line-through" });
    private readonly marked = vscode.window.createTextEditorDecorationType({
        isWholeLine: true,
        overviewRulerColor: new vscode.ThemeColor("editorGutter.addedBackground"),
        overviewRulerLane: vscode.OverviewRulerLane.Left,
    });
    private readonly ghost = vscode.window.createTextEditorDecorationType({
        rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    });
    private readonly subscriptions: vscode.Disposable[];

    constructor(
        private readonly server: Server,
        private readonly panel: Panel,
    ) {
        const register = (name: string, run: (id?: string) => unknown): vscode.Disposable =>
            vscode.commands.registerCommand(`ollamaLs.${name}`, run);
        this.subscriptions = [
            this.dimmed,
            this.struck,
            this.marked,
            this.ghost,
            server.onDidStream((message) => this.take(message)),
            server.onDidChangeStatus(() => this.runs.all().length > 0 && this.drawSoon()),
            server.onDidChangeLife((life) => life !== "running" && this.clear()),
            server.onDidRunCommand(({ verb, argument }) => {
                const id = (argument as { id?: string } | undefined)?.id;
                if ((verb === "accept" || verb === "reject") && id !== undefined) {
                    this.runs.drop(id);
                    this.drawSoon();
                }
            }),
            vscode.workspace.onDidChangeTextDocument((event) => this.follow(event)),
            vscode.workspace.onDidCloseTextDocument((document) => {
                this.runs.closed(this.server.uri(document.uri));
                this.drawSoon();
            }),
            vscode.window.onDidChangeVisibleTextEditors(() => this.drawSoon()),
            vscode.window.onDidChangeActiveTextEditor(() => this.drawSoon()),
            vscode.window.onDidChangeTextEditorSelection(() => this.setContexts()),
            vscode.languages.registerCodeLensProvider([{ scheme: "file" }, { scheme: "untitled" }], this),
            vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
            register("cancel", (id) => this.with(id, (run) => run.isAtWork, (run) => this.server.run("cancel", { id: run.id }))),
            register("accept", (id) => this.with(id, (run) => run.isWaiting, (run) => this.server.run("accept", { id: run.id }))),
            register("reject", (id) => this.with(id, (run) => run.isWaiting, (run) => this.server.run("reject", { id: run.id }))),
            register("compare", (id) => this.with(id, () => true, (run) => this.compare(run))),
        ];
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.subscriptions.forEach((one) => one.dispose());
        this.changedLenses.dispose();
        this.changedResult.dispose();
    }

    // --- what comes ---

    private take(message: StreamMessage): void {
        const run = this.runs.take(message);
        if (!run) {
            return;
        }
        if (run.isShown) {
            this.read(run, message.kind === "begin");
        }
        this.drawSoon();
    }

    private read(run: Run, isNew: boolean): void {
        let panel = this.panels.get(run.id);
        if (!panel) {
            const file = vscode.Uri.parse(run.uri).path.split("/").pop() ?? "";
            const title = `${run.action.charAt(0).toUpperCase()}${run.action.slice(1)} ${file}`;
            panel = { uri: this.panel.uri(title, run.id), model: run.model };
            this.panels.set(run.id, panel);
        }
        const state =
            run.isAtWork ? (run.text ? "" : `_${run.thoughts > 0 ? "thinking" : "waiting for the model"}…_\n`)
            : run.outcome === "cancelled" ? "\n\n_Cancelled._\n"
            : run.outcome === "failed" ? "\n\n_Broken off; the message says why._\n"
            : "";
        this.panel.set(panel.uri, run.text + state);
        if (!run.isAtWork) {
            this.panels.delete(run.id);
        }
        if (isNew) {
            void this.panel.show(panel.uri);
        }
    }

    private clear(): void {
        for (const run of this.runs.clear()) {
            if (run.isShown && run.isAtWork) {
                run.outcome = "cancelled";
                this.read(run, false);
            }
        }
        this.panels.clear();
        this.drawSoon();
    }

    private follow(event: vscode.TextDocumentChangeEvent): void {
        if (this.runs.all().length === 0 || event.contentChanges.length === 0) {
            return;
        }
        this.runs.changed(
            this.server.uri(event.document.uri),
            // The last in the document first, so that each may be taken as it is.
            [...event.contentChanges].sort((a, b) => b.rangeOffset - a.rangeOffset),
        );
        this.drawSoon();
    }

    // --- drawing ---

    private drawSoon(): void {
        this.timer ??= setTimeout(() => {
            this.timer = undefined;
            this.draw();
        }, DRAW_MS);
    }

    private draw(): void {
        for (const editor of vscode.window.visibleTextEditors) {
            this.drawIn(editor);
        }
        for (const run of this.runs.all()) {
            this.changedResult.fire(this.resultUri(run));
        }
        this.changedLenses.fire();
        this.setContexts();
    }

    private inDocument(document: vscode.TextDocument): Run[] {
        return this.runs.of(this.server.uri(document.uri)).filter((run) => !run.isShown);
    }

    private drawIn(editor: vscode.TextEditor): void {
        const dimmed: vscode.Range[] = [];
        const struck: vscode.Range[] = []; // would be gone
        const marked: vscode.Range[] = [];
        const lines: vscode.DecorationOptions[] = [];
        const { document } = editor;
        const tabSize = typeof editor.options.tabSize === "number" ? editor.options.tabSize : 4;
        for (const run of this.inDocument(document)) {
            const range = document.validateRange(toRange(run));
            (run.isWaiting ? struck : dimmed).push(range);
            marked.push(range);
            if (run.text) {
                lines.push(...ghosts(run, document.lineCount, tabSize).map(ghostDecoration));
            }
        }
        editor.setDecorations(this.dimmed, dimmed);
        editor.setDecorations(this.struck, struck);
        editor.setDecorations(this.marked, marked);
        editor.setDecorations(this.ghost, lines);
    }

    private setContexts(): void {
        const editor = vscode.window.activeTextEditor;
        const runs = editor ? this.inDocument(editor.document) : [];
        const shown = editor ? this.runs.of(this.server.uri(editor.document.uri)).filter((run) => run.isShown) : [];
        const set = (key: string, value: boolean): void =>
            void vscode.commands.executeCommand("setContext", `ollamaLs.${key}`, value);
        set("atWork", [...runs, ...shown].some((run) => run.isAtWork));
        set("waiting", runs.some((run) => run.isWaiting));
    }

    provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
        const lenses: vscode.CodeLens[] = [];
        for (const run of this.runs.of(this.server.uri(document.uri))) {
            const range = document.validateRange(toRange(run));
            const lens = (title: string, command: string): void => {
                lenses.push(new vscode.CodeLens(range, { title, command, arguments: command ? [run.id] : [] }));
            };
            const words = heading(run, this.isLoading(run)).replace(/\$\(/g, "$ (");
            if (run.isAtWork) {
                lens(`$(loading~spin) ${words}`, "");
                lens("$(stop-circle) Cancel (Esc)", "ollamaLs.cancel");
            } else {
                lens(words, "");
                lens("$(check) Accept", "ollamaLs.accept");
                lens("$(discard) Reject", "ollamaLs.reject");
                lens("$(diff) Compare", "ollamaLs.compare");
            }
        }
        return lenses;
    }

    private isLoading(run: Run): boolean {
        const { status } = this.server;
        return status?.state === "loading" && status.active.some((job) => job.id === run.id);
    }

    // --- by hand ---

    // The run of an id (a lens), else the one nearest to the cursor.
    private async with(id: string | undefined, fits: (run: Run) => boolean, act: (run: Run) => unknown): Promise<void> {
        const editor = vscode.window.activeTextEditor;
        const line = editor?.selection.active.line ?? 0;
        const runs = editor ? this.runs.of(this.server.uri(editor.document.uri)).filter(fits) : [];
        const distance = (run: Run): number =>
            line < run.range.start.line ? run.range.start.line - line : Math.max(0, line - run.range.end.line);
        runs.sort((a, b) => distance(a) - distance(b));
        const run = typeof id === "string" ? this.runs.get(id) : runs[0];
        if (run && fits(run)) {
            await act(run);
        }
    }

    private resultUri(run: Run): vscode.Uri {
        const name = vscode.Uri.parse(run.uri).path.split("/").pop() ?? "";
        return vscode.Uri.from({ scheme: SCHEME, path: `/${encodeURIComponent(run.id)}/${name}` });
    }

    provideTextDocumentContent(uri: vscode.Uri): string {
        const run = this.runs.get(decodeURIComponent(uri.path.split("/")[1] ?? ""));
        const document = run && vscode.workspace.textDocuments.find((one) => this.server.uri(one.uri) === run.uri);
        return run && document ? merged(document.getText(), run.range, run.text) : "";
    }

    private async compare(run: Run): Promise<void> {
        const file = vscode.Uri.parse(run.uri);
        const name = file.path.split("/").pop() ?? "";
        await vscode.commands.executeCommand("vscode.diff", file, this.resultUri(run), `${name} ↔ ${run.action} (${run.model})`);
    }
}

function toRange(run: Run): vscode.Range {
    const { start, end } = run.range;
    return new vscode.Range(start.line, start.character, end.line, end.character);
}

// Opaque, so that nothing shines through; a line that the document lacks hangs below the last one.
function ghostDecoration(line: ReturnType<typeof ghosts>[number]): vscode.DecorationOptions {
    const at = new vscode.Position(line.line, line.character);
    const left = line.character > 0 ? "" : " left: 0;";
    const down = `calc(${line.below} * 1lh)`;
    return {
        range: new vscode.Range(at, at),
        renderOptions: {
            before: {
                contentText: line.text === "" ? "\u00a0" : line.text,
                color: new vscode.ThemeColor("editorGhostText.foreground"),
                backgroundColor: new vscode.ThemeColor("editor.background"),
                fontStyle: "italic",
                textDecoration: `none; position: absolute; top: ${down};${left} min-width: 100vw; z-index: 5; white-space: pre; pointer-events: none; box-shadow: inset 2px 0 var(--vscode-editorGutter-addedBackground)`,
            },
        },
    };
}
