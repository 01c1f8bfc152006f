// SPDX-License-Identifier: MIT
//
// node driver.cjs URL PROFILE: VS Code's page in Debian's Chromium, without a screen. Each line on
// stdin is the body of an async function of `page` and `args`, as {"code", "args"}; each line on
// stdout is its result.
const readline = require("node:readline");
const { chromium } = require("playwright-core");

const Body = Object.getPrototypeOf(async () => undefined).constructor;

// Messages come and go: what was shown is kept, each once.
const COLLECT = `
    window.ollamaLsMessages = [];
    window.ollamaLsProgress = []; // texts of the progress in the status bar
    const seen = new WeakMap();
    setInterval(() => {
        for (const element of document.querySelectorAll(".notification-list-item-message")) {
            const text = element.textContent;
            if (text && seen.get(element) !== text) {
                seen.set(element, text);
                window.ollamaLsMessages.push(text);
            }
        }
        for (const element of document.querySelectorAll("[id='status.progress']")) {
            const text = element.textContent;
            if (text && window.ollamaLsProgress.at(-1) !== text) {
                window.ollamaLsProgress.push(text);
            }
        }
    }, 50);
`;

(async () => {
    const [url, profile] = process.argv.slice(2);
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: "/usr/bin/chromium",
        headless: true,
        viewport: { width: 1100, height: 660 },
        args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    });
    const page = context.pages()[0] ?? (await context.newPage());
    await page.addInitScript(COLLECT);
    await page.goto(url);
    await page.waitForSelector(".monaco-workbench", { timeout: 60000 });
    console.log(JSON.stringify({ result: "ready" }));
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let answer;
        try {
            const { code, args } = JSON.parse(line);
            answer = { result: (await new Body("page", "args", code)(page, args)) ?? null };
        } catch (error) {
            answer = { error: String(error && error.stack) };
        }
        console.log(JSON.stringify(answer));
    }
    await context.close();
})().catch((error) => {
    console.log(JSON.stringify({ error: String(error && error.stack) }));
    process.exit(1);
});
