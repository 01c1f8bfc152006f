// SPDX-License-Identifier: MIT
//
// Where the language server's program is.
import * as path from "node:path";

export interface Surroundings {
    setting: string; // ollama-ls.path, of the user alone
    extension: string; // folder of this extension
    home: string;
    searchPath: string; // PATH
    platform: string; // "linux-x64"
    isProgram(file: string): boolean;
}

export type Found = { program: string } | { missing: string };

export function findProgram(at: Surroundings): Found {
    const setting = at.setting.trim();
    if (setting) {
        const file = setting === "~" || setting.startsWith("~/") ? path.join(at.home, setting.slice(1)) : setting;
        if (!path.isAbsolute(file)) {
            // Relative to what? A workspace must not be able to provide the program.
            return { missing: `The setting “ollama-ls.path” must be an absolute path; “${setting}” is not.` };
        }
        return at.isProgram(file)
            ? { program: file }
            : { missing: `The setting “ollama-ls.path” names ${file}, which is not there or no program. Correct it, or clear it to use the program that came with this extension.` };
    }
    const own = path.join(at.extension, "bin", "ollama-ls");
    if (at.isProgram(own)) {
        return { program: own };
    }
    for (const folder of at.searchPath.split(path.delimiter)) {
        if (path.isAbsolute(folder) && at.isProgram(path.join(folder, "ollama-ls"))) {
            return { program: path.join(folder, "ollama-ls") };
        }
    }
    return {
        missing: `The program ollama-ls is not to be found: this extension brings none for ${at.platform}, and there is none on your PATH. Install it, or tell where it is in the setting “ollama-ls.path”.`,
    };
}
