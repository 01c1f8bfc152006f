// SPDX-License-Identifier: MIT
//
// The item in the status bar: how the servers are, always in sight; the menu is behind it.
import * as vscode from "vscode";
import type { Server } from "./client";
import { programItem, statusItem, type Item } from "./status";

export class StatusBar implements vscode.Disposable {
    private readonly item = vscode.window.createStatusBarItem("ollamaLs.status", vscode.StatusBarAlignment.Right, 100);
    private readonly subscriptions: vscode.Disposable[];

    constructor(private readonly server: Server) {
        this.item.name = "Ollama (ollama-ls)";
        this.item.command = "ollamaLs.menu";
        this.subscriptions = [
            this.item,
            server.onDidChangeLife(() => this.update()),
            server.onDidChangeStatus(() => this.update()),
        ];
        this.update();
        this.item.show();
    }

    dispose(): void {
        this.subscriptions.forEach((one) => one.dispose());
    }

    private content(): Item {
        const { life, status } = this.server;
        if (life === "running") {
            return status ? statusItem(status) : programItem("starting");
        }
        return programItem(life);
    }

    private update(): void {
        const { text, tooltip, severity } = this.content();
        this.item.text = text;
        this.item.tooltip = new vscode.MarkdownString(tooltip); // not trusted: no commands, no icons
        this.item.backgroundColor =
            severity === "none" ? undefined : new vscode.ThemeColor(`statusBarItem.${severity}Background`);
        this.item.accessibilityInformation = { label: text.replace(/\$\([^)]*\)\s*/g, "") };
    }
}
