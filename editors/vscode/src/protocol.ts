// SPDX-License-Identifier: MIT
//
// What goes beyond LSP between us and the server: docs/extensions.md has the words.

export interface Running {
    name: string;
    size: number;
    sizeVram: number;
    contextLength: number;
    expiresAt: string;
    remote: boolean;
}

export interface ServerState {
    name: string;
    url: string;
    reachable: boolean;
    version: string;
    latencyMs: number;
    models: number;
    running: Running[];
    error?: string;
}

export interface Job {
    id: string;
    kind: string;
    model: string;
    tokens: number;
}

export interface Remedy {
    title: string;
    command: string;
    arguments?: unknown[];
}

export interface Status {
    state: "ok" | "starting" | "loading" | "busy" | "stale" | "unreachable" | "error";
    message: string;
    command?: Remedy;
    servers: ServerState[];
    active: Job[];
}

export interface Position {
    line: number;
    character: number;
}

export interface Range {
    start: Position;
    end: Position;
}

export type Outcome = "applied" | "review" | "conflict" | "cancelled" | "failed" | "shown";

export interface StreamMessage {
    id: string;
    seq: number;
    kind: "begin" | "delta" | "thinking" | "end";
    uri?: string;
    range?: Range;
    action?: string;
    output?: "replace" | "insert" | "show";
    model?: string;
    text?: string;
    outcome?: Outcome;
    error?: { message: string; remedy: string };
}

export interface Model {
    name: string;
    size: number;
    family: string;
    parameters: string;
    quantization: string;
    contextLength?: number;
    capabilities: string[];
    remote: boolean;
    running?: { sizeVram: number; contextLength: number; expiresAt: string };
}

export interface Models {
    servers: { name: string; url: string; reachable: boolean; error?: string; models: Model[] }[];
}

export interface Library {
    date: string;
    models: {
        name: string;
        latest: string;
        capabilities: string[];
        contextLength?: number;
        tags: { tag: string; size: number; cloud: boolean }[];
    }[];
}

export interface Metrics {
    servers: {
        url: string;
        models: {
            name: string;
            requests: number;
            errors: number;
            cancelled: number;
            tokensIn: number;
            tokensOut: number;
            tokensPerSecond: number | null;
            timeToFirstTokenMs: number | null;
            loadMs: number | null;
        }[];
    }[];
}

export interface WorkspaceModels {
    models: { name: string; uses: { uri: string; range: Range; role: string }[] }[];
    truncated: boolean;
}
