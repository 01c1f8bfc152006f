// SPDX-License-Identifier: MIT
//
// The language server's life: found, started, asked, started again when it dies, stopped.
import * as fs from "node:fs";
import * as os from "node:os";
import * as readline from "node:readline";
import * as vscode from "vscode";
import {
    CloseAction,
    ErrorAction,
    ErrorCodes,
    ExecuteCommandRequest,
    LanguageClient,
    LSPErrorCodes,
    ResponseError,
    RevealOutputChannelOn,
    State,
    type LanguageClientOptions,
} from "vscode-languageclient/node";
import { findProgram } from "./program";
import type { Status, StreamMessage } from "./protocol";
import { Restarts } from "./restarts";
import { userSettings, type Properties } from "./settings";

export type Life = "starting" | "running" | "stopped" | "missing" | "failed";

function isProgram(file: string): boolean {
    try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
    } catch {
        return false;
    }
}

export class Server implements vscode.Disposable {
    readonly log = vscode.window.createOutputChannel("ollama-ls", { log: true });
    life: Life = "stopped";
    status: Status | undefined;

    private client: LanguageClient | undefined;
    private work: Promise<void> = Promise.resolve(); // starts and stops go one after the other
    private readonly onLife = new vscode.EventEmitter<Life>();
    private readonly onStatus = new vscode.EventEmitter<Status>();
    private readonly onStream = new vscode.EventEmitter<StreamMessage>();
    private readonly onCommand = new vscode.EventEmitter<{ verb: string; argument: unknown }>();
    readonly onDidChangeLife = this.onLife.event;
    readonly onDidChangeStatus = this.onStatus.event;
    readonly onDidStream = this.onStream.event;
    readonly onDidRunCommand = this.onCommand.event; // and the server took it

    constructor(private readonly extension: vscode.Extension<unknown>) {}

    start(): Promise<void> {
        this.work = this.work.then(() => this.startNow());
        return this.work;
    }

    restart(): Promise<void> {
        this.work = this.work.then(() => this.stopNow()).then(() => this.startNow());
        return this.work;
    }

    stop(): Promise<void> {
        this.work = this.work.then(() => this.stopNow());
        return this.work;
    }

    dispose(): void {
        this.onLife.dispose();
        this.onStatus.dispose();
        this.onStream.dispose();
        this.onCommand.dispose();
        this.log.dispose();
    }

    // Runs `ollama-ls.VERB`. What goes wrong is told to the user; then the promise gives undefined.
    async run<T>(verb: string, argument?: object): Promise<T | undefined> {
        if (!this.client || this.life !== "running") {
            await this.tellThatItIsOff();
            return undefined;
        }
        return (await this.execute(`ollama-ls.${verb}`, argument === undefined ? [] : [argument])) as T | undefined;
    }

    diagnostics(diagnostics: vscode.Diagnostic[]): Promise<unknown[]> {
        return this.client ? this.client.code2ProtocolConverter.asDiagnostics(diagnostics) : Promise.resolve([]);
    }

    uri(uri: vscode.Uri): string {
        return this.client ? this.client.code2ProtocolConverter.asUri(uri) : uri.toString();
    }

    async settingsChanged(): Promise<void> {
        if (this.life === "running") {
            await this.client?.sendNotification("workspace/didChangeConfiguration", { settings: {} });
        }
    }

    // --- private ---

    private set(life: Life): void {
        this.life = life;
        if (life !== "running") {
            this.status = undefined;
        }
        void vscode.commands.executeCommand("setContext", "ollamaLs.running", life === "running");
        this.onLife.fire(life);
    }

    private async startNow(): Promise<void> {
        if (this.client) {
            return;
        }
        const found = findProgram({
            setting: this.configuration().inspect<string>("path")?.globalValue ?? "",
            extension: this.extension.extensionPath,
            home: os.homedir(),
            searchPath: process.env.PATH ?? "",
            platform: `${process.platform}-${process.arch}`,
            isProgram,
        });
        if ("missing" in found) {
            this.set("missing");
            this.log.error(found.missing);
            void this.offer("error", found.missing, ["Open the Setting", "Try Again"]);
            return;
        }
        this.set("starting");
        this.log.info(`starting ${found.program}`);
        const client = this.create(found.program);
        this.client = client;
        try {
            await client.start();
        } catch (error) {
            await this.giveUp(client, `${found.program} could not be started: ${text(error)}`);
        }
    }

    private async stopNow(): Promise<void> {
        const client = this.client;
        this.client = undefined;
        if (client) {
            // It may be dead, dying or starting: what matters is that it is gone afterwards.
            await client.dispose().catch((error: unknown) => this.log.warn(`stopping: ${text(error)}`));
        }
        this.set("stopped");
    }

    // Not in stopNow's order: it may be called from within a start.
    private async giveUp(client: LanguageClient, why: string): Promise<void> {
        if (this.client !== client) {
            return;
        }
        this.client = undefined;
        this.log.error(why);
        this.set("failed");
        void this.offer("error", why, ["Start Again", "Show the Log"]);
        await client.dispose().catch(() => undefined);
    }

    private create(program: string): LanguageClient {
        const restarts = new Restarts();
        let hasRun = false;
        const options: LanguageClientOptions = {
            documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
            outputChannel: this.log,
            revealOutputChannelOn: RevealOutputChannelOn.Never,
            diagnosticCollectionName: "ollama-ls",
            initializationOptions: () => ({
                ...this.settings(),
                status: true,
                stream: true,
                settingsAreUserGrade: true,
            }),
            initializationFailedHandler: () => false, // start() rejects, which is told once
            errorHandler: {
                error: () => ({ action: ErrorAction.Continue, handled: true }),
                closed: () => {
                    if (hasRun && restarts.mayRestart(Date.now())) {
                        this.log.warn("the language server ended unexpectedly and is started again");
                        return { action: CloseAction.Restart, handled: true };
                    }
                    if (hasRun) {
                        const why = "ollama-ls has ended unexpectedly five times within three minutes and is not started again.";
                        void this.giveUp(client, why);
                    }
                    return { action: CloseAction.DoNotRestart, handled: true };
                },
            },
            stdioOptions: {
                stdout: () => undefined, // is the protocol
                stderr: (input) => {
                    readline.createInterface({ input, crlfDelay: Infinity }).on("line", (line) => this.log.info(line));
                },
            },
            middleware: {
                executeCommand: (command, args) => this.execute(command, args as unknown[]),
                workspace: {
                    configuration: (params) =>
                        params.items.map((item) => (item.section === "ollama-ls" ? this.settings() : null)),
                    // The values stay here: the server asks for what it may know.
                    didChangeConfiguration: () => this.settingsChanged(),
                },
            },
        };
        const env = { ...process.env };
        const client = new LanguageClient(
            "ollama-ls",
            "ollama-ls",
            { command: program, args: ["--stdio"], options: { env } },
            options,
        );
        client.onNotification("$/ollama-ls/status", (status: Status) => {
            this.status = status;
            this.onStatus.fire(status);
        });
        client.onNotification("$/ollama-ls/stream", (message: StreamMessage) => this.onStream.fire(message));
        client.onDidChangeState((event) => {
            if (this.client !== client) {
                return;
            }
            if (event.newState === State.Running) {
                hasRun = true;
                this.set("running");
            } else if (event.newState === State.Starting) {
                this.set("starting");
            }
        });
        return client;
    }

    private configuration(): vscode.WorkspaceConfiguration {
        return vscode.workspace.getConfiguration("ollama-ls");
    }

    private settings(): Record<string, unknown> {
        const manifest = this.extension.packageJSON as { contributes: { configuration: { properties: Properties } } };
        return userSettings(manifest.contributes.configuration.properties, this.configuration(), vscode.workspace.isTrusted);
    }

    private async execute(command: string, args: unknown[]): Promise<unknown> {
        const client = this.client;
        if (!client) {
            return undefined;
        }
        try {
            const result = await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args });
            this.onCommand.fire({ verb: command.replace(/^ollama-ls\./, ""), argument: args[0] });
            return result;
        } catch (error) {
            // The server's own words say what to do about it. Others come from a connection that is gone.
            const isAnswer = error instanceof ResponseError && (error.code === LSPErrorCodes.RequestFailed || error.code === ErrorCodes.InvalidParams);
            if (isAnswer) {
                void vscode.window.showErrorMessage(text(error));
            } else {
                this.log.warn(`${command}: ${text(error)}`);
            }
            return undefined;
        }
    }

    private async tellThatItIsOff(): Promise<void> {
        const why =
            this.life === "starting" ? "ollama-ls is still starting."
            : this.life === "missing" ? "ollama-ls does not run: its program is not to be found."
            : "ollama-ls does not run.";
        await this.offer("warning", why, this.life === "starting" ? [] : ["Start Again", "Show the Log"]);
    }

    private async offer(kind: "error" | "warning", message: string, choices: string[]): Promise<void> {
        const show = kind === "error" ? vscode.window.showErrorMessage : vscode.window.showWarningMessage;
        const choice = await show(message, ...choices);
        if (choice === "Open the Setting") {
            await vscode.commands.executeCommand("workbench.action.openSettings", "ollama-ls.path");
        } else if (choice === "Show the Log") {
            this.log.show();
        } else if (choice) {
            await this.restart();
        }
    }
}

export function text(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
