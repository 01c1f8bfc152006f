// SPDX-License-Identifier: MIT
//
// Lets the tests ask VS Code's own API for what a user sees but the page does not say exactly: ranges
// and codes of findings, the text of a document. Each connection brings one function body and gets
// its result, as JSON.
const net = require("node:net");
const fs = require("node:fs");
const vscode = require("vscode");

const Body = Object.getPrototypeOf(async () => undefined).constructor;

exports.activate = (context) => {
    const socket = process.env.OLLAMA_LS_PROBE;
    if (!socket) {
        return;
    }
    fs.rmSync(socket, { force: true });
    const server = net.createServer({ allowHalfOpen: true }, (connection) => {
        let text = "";
        connection.setEncoding("utf8");
        connection.on("error", () => undefined);
        connection.on("data", (piece) => (text += piece));
        connection.on("end", async () => {
            let answer;
            try {
                answer = { result: (await new Body("vscode", text)(vscode)) ?? null };
            } catch (error) {
                answer = { error: String(error && error.stack) };
            }
            connection.end(JSON.stringify(answer));
        });
    });
    server.listen(socket);
    context.subscriptions.push({ dispose: () => server.close() });
};
