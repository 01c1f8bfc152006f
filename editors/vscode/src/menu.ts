// SPDX-License-Identifier: MIT
//
// The menu behind the status bar item, and the lists to pick a model from.
import * as vscode from "vscode";
import type { Server } from "./client";
import { fitting, installed, loadable, loaded, metricsText, pullable, type Role, type Row } from "./models";
import type { Panel } from "./panel";
import type { Library, Metrics, Models, WorkspaceModels } from "./protocol";
import { defaultServer, jobText } from "./status";
import { count, label } from "./words";

interface Choice extends vscode.QuickPickItem {
    run?: () => unknown;
}

type RowItem = Row & vscode.QuickPickItem;

const ROLES: { role: Role; label: string; detail: string }[] = [
    { role: "chat", label: "AI actions", detail: "explain, refactor, fix, …" },
    { role: "autocomplete", label: "Suggestions while you type", detail: "models that can fill in the middle" },
    { role: "embed", label: "Embeddings", detail: "models that make vectors" },
];

export function registerMenu(server: Server, panel: Panel): vscode.Disposable[] {
    const menu = new Menu(server, panel);
    const register = (name: string, run: (...args: never[]) => unknown): vscode.Disposable =>
        vscode.commands.registerCommand(`ollamaLs.${name}`, run);
    return [
        register("menu", () => menu.show()),
        register("selectModel", (role?: Role) => menu.selectModel(role)),
        register("pull", (model?: string) => menu.pull(model)),
        register("load", () => menu.pick("Load which model?", loadable, "load", "Every model is loaded.")),
        register("unload", () => menu.pick("Unload which model?", loaded, "unload", "No model is loaded.")),
        register("delete", () => menu.pick("Delete which model?", installed, "delete", "No model is installed.")),
        register("startServer", () => server.run("startServer")),
        register("refresh", () => server.run("refresh")),
        register("stop", () => menu.stop()),
        register("metrics", () => menu.metrics()),
        register("workspaceModels", () => menu.workspaceModels()),
        register("restart", () => server.restart()),
        register("showLog", () => server.log.show()),
    ];
}

class Menu {
    constructor(
        private readonly server: Server,
        private readonly panel: Panel,
    ) {}

    async show(): Promise<void> {
        const choices = this.server.life === "running" ? this.choices() : [];
        choices.push(
            separator("ollama-ls"),
            command("$(debug-restart) Restart the language server", "ollamaLs.restart"),
            command("$(output) Show the log", "ollamaLs.showLog"),
            { label: "$(gear) Settings", run: () => vscode.commands.executeCommand("workbench.action.openSettings", "@ext:ollama-ls.ollama-ls") },
        );
        const title = this.server.status?.message ?? "ollama-ls does not run";
        const choice = await vscode.window.showQuickPick(choices, { title, placeHolder: "What shall be done?" });
        await choice?.run?.();
    }

    private choices(): Choice[] {
        const { server } = this;
        const status = server.status;
        const choices: Choice[] = [];
        const remedy = status?.command;
        if (remedy) {
            const verb = remedy.command.replace(/^ollama-ls\./, "");
            choices.push({ label: `$(lightbulb) ${label(remedy.title)}`, run: () => server.run(verb, remedy.arguments?.[0] as object | undefined) });
        }
        for (const job of status?.active ?? []) {
            choices.push({ label: `$(stop-circle) Stop: ${label(jobText(job))}`, run: () => server.run("cancel", { id: job.id }) });
        }
        choices.push(separator("models"));
        for (const one of ROLES) {
            choices.push({ label: `$(symbol-misc) ${one.label}: choose the model…`, description: one.detail, run: () => this.selectModel(one.role) });
        }
        choices.push(command("$(cloud-download) Pull a model…", "ollamaLs.pull"));
        const running = defaultServer(status ?? { state: "ok", message: "", servers: [], active: [] })?.running ?? [];
        if (running.length > 0) {
            choices.push(command("$(arrow-down) Unload a model…", "ollamaLs.unload"));
        }
        choices.push(
            command("$(arrow-up) Load a model…", "ollamaLs.load"),
            command("$(trash) Delete a model…", "ollamaLs.delete"),
            command("$(list-tree) Models that this workspace names…", "ollamaLs.workspaceModels"),
            separator("servers"),
        );
        if (remedy?.command !== "ollama-ls.startServer" && status?.state === "unreachable") {
            choices.push(command("$(play) Start Ollama", "ollamaLs.startServer"));
        }
        choices.push(
            command("$(refresh) Ask the servers again", "ollamaLs.refresh"),
            command("$(graph) What models did", "ollamaLs.metrics"),
        );
        return choices;
    }

    private async choose(rows: Row[], placeHolder: string): Promise<Row | undefined> {
        return vscode.window.showQuickPick<RowItem>(rows, { placeHolder, matchOnDescription: true, matchOnDetail: true });
    }

    async selectModel(role?: Role): Promise<void> {
        const forRole =
            ROLES.find((one) => one.role === role) ??
            (await vscode.window.showQuickPick(ROLES, { placeHolder: "A model for what?" }));
        const models = forRole && (await this.server.run<Models>("models"));
        if (!models) {
            return;
        }
        const rows = fitting(models, forRole.role);
        if (rows.length === 0) {
            const choice = await vscode.window.showInformationMessage(`No installed model can do this: ${forRole.label}.`, "Pull a Model…");
            if (choice) {
                await this.pull();
            }
            return;
        }
        const row = await this.choose(rows, `Which model? ${forRole.label}`);
        if (row) {
            await this.server.run("selectModel", { model: row.model, role: forRole.role });
        }
    }

    async pick(placeHolder: string, rows: (models: Models) => Row[], verb: string, none: string): Promise<void> {
        const models = await this.server.run<Models>("models");
        if (!models) {
            return;
        }
        const list = rows(models);
        if (list.length === 0) {
            void vscode.window.showInformationMessage(none);
            return;
        }
        const row = await this.choose(list, placeHolder);
        if (row) {
            await this.server.run(verb, row.host ? { model: row.model, host: row.host } : { model: row.model });
        }
    }

    // From the library's list, or any name that is typed: the library is larger than our list.
    async pull(model?: string): Promise<void> {
        const name = model ?? (await this.askForPull());
        if (name) {
            await this.server.run("pull", { model: name });
        }
    }

    private async askForPull(): Promise<string | undefined> {
        const [library, models] = await Promise.all([this.server.run<Library>("library"), this.server.run<Models>("models")]);
        if (!models) {
            return undefined;
        }
        const rows: RowItem[] = library ? pullable(library, models) : [];
        const pick = vscode.window.createQuickPick<RowItem>();
        pick.title = "Pull a model";
        pick.placeholder = "Search, or type any name: llama3.2:3b, hf.co/ORG/REPO, …";
        pick.matchOnDescription = true;
        pick.matchOnDetail = true;
        pick.items = rows;
        const typed = (value: string): RowItem[] =>
            value && !rows.some((row) => row.model === value)
                ? [{ label: `$(pencil) as typed: ${label(value)}`, description: "", model: value, alwaysShow: true }]
                : [];
        pick.onDidChangeValue((value) => {
            pick.items = [...rows, ...typed(value.trim())];
        });
        return new Promise((resolve) => {
            pick.onDidAccept(() => {
                resolve(pick.selectedItems[0]?.model);
                pick.hide();
            });
            pick.onDidHide(() => {
                resolve(undefined);
                pick.dispose();
            });
            pick.show();
        });
    }

    async stop(): Promise<void> {
        const jobs = this.server.status?.active ?? [];
        if (jobs.length === 0) {
            void vscode.window.showInformationMessage("Nothing is at work.");
            return;
        }
        const items = jobs.map((job) => ({ label: label(jobText(job)), id: job.id }));
        const choice = jobs.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { placeHolder: "Stop which?" });
        if (choice) {
            await this.server.run("cancel", { id: choice.id });
        }
    }

    async metrics(): Promise<void> {
        const metrics = await this.server.run<Metrics>("metrics");
        if (metrics) {
            const uri = this.panel.uri("What models did", "metrics");
            this.panel.set(uri, metricsText(metrics));
            await this.panel.show(uri);
        }
    }

    async workspaceModels(): Promise<void> {
        const named = await this.server.run<WorkspaceModels>("workspaceModels");
        if (!named) {
            return;
        }
        if (named.models.length === 0) {
            void vscode.window.showInformationMessage("No file of this workspace names a model.");
            return;
        }
        const items = named.models.flatMap((model) => [
            separator(`${model.name}, ${count(model.uses.length, "place")}`),
            ...model.uses.map((use) => ({
                label: label(model.name),
                description: `${vscode.workspace.asRelativePath(vscode.Uri.parse(use.uri))}:${use.range.start.line + 1}`,
                detail: use.role,
                use,
            })),
        ]);
        const choice = await vscode.window.showQuickPick<vscode.QuickPickItem & { use?: WorkspaceModels["models"][0]["uses"][0] }>(items, {
            placeHolder: named.truncated ? "Go to which? (there are more)" : "Go to which?",
            matchOnDescription: true,
        });
        if (choice?.use) {
            const { start, end } = choice.use.range;
            await vscode.window.showTextDocument(vscode.Uri.parse(choice.use.uri), {
                selection: new vscode.Range(start.line, start.character, end.line, end.character),
            });
        }
    }
}

function separator(text: string): Choice {
    return { label: text, kind: vscode.QuickPickItemKind.Separator };
}

function command(text: string, id: string): Choice {
    return { label: text, run: () => vscode.commands.executeCommand(id) };
}
