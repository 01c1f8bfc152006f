// SPDX-License-Identifier: MIT
//
// The plugin's start and end. It draws and asks; what is known and done is the language server's.
import * as vscode from "vscode";
import { registerActions } from "./actions";
import { Server } from "./client";
import { registerMenu } from "./menu";
import { Panel } from "./panel";
import { StatusBar } from "./statusBar";
import { StreamView } from "./streamView";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
    const own = new Server(context.extension);
    server = own;
    const panel = new Panel();
    context.subscriptions.push(
        own,
        panel,
        new StatusBar(own),
        new StreamView(own, panel),
        ...registerMenu(own, panel),
        ...registerActions(own),
        vscode.workspace.onDidChangeConfiguration((event) => {
            if (event.affectsConfiguration("ollama-ls.path")) {
                void own.restart();
            }
        }),
        // More settings count now; the server reads them when it is told that they changed.
        vscode.workspace.onDidGrantWorkspaceTrust(() => void own.settingsChanged()),
    );
    void own.start(); // whatever comes of it is told; VS Code waits for nothing
}

export function deactivate(): Promise<void> | undefined {
    return server?.stop();
}
