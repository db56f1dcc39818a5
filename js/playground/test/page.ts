// What the tests of the built page share: a server, a browser, and ways to use the page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Server } from "node:http";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launch, serve } from "../scripts/browser.js";

/** Where the page is served. */
export let url = "";
let server: Server;
export let browser: Browser;

before(async () => {
  ({ url, server } = await serve());
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** Runs a test on a fresh page, which must neither complain nor talk to anybody. */
export function onPage(name: string, body: (page: Page, context: BrowserContext) => Promise<void>, hash = "", options = {}): void {
  test(name, async () => {
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
    const problems: string[] = [];
    context.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    context.on("weberror", (error) => problems.push(error.error().message));
    context.on("request", (request) => {
      if (!request.url().startsWith(url) && !/^(?:blob|data):/.test(request.url())) problems.push(`asked for ${request.url()}`);
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    try {
      await page.goto(url + hash);
      await settled(page);
      await body(page, context);
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
    }
  });
}

/** Waits for the result of everything typed so far. */
export async function settled(page: Page): Promise<void> {
  await page.locator("#results:not(.stale) > *").first().waitFor({ state: "attached" });
  await page.locator("#status strong").first().waitFor();
}

export async function type(page: Page, editor: "rule" | "events", text: string): Promise<void> {
  await page.locator(`#${editor}-editor .cm-content`).focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
  await settled(page);
}

/** Pastes as the clipboard does. */
export async function paste(page: Page, editor: "rule" | "events", text: string): Promise<void> {
  await page.locator(`#${editor}-editor .cm-content`).focus();
  await page.keyboard.press("Control+A");
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
  await settled(page);
}

export function text(page: Page, editor: "rule" | "events"): Promise<string> {
  return page.locator(`#${editor}-editor .cm-line`).evaluateAll((lines) => lines.map((line) => line.textContent).join("\n"));
}

export const status = async (page: Page): Promise<string> => (await page.locator("#status").innerText()).replaceAll(/\s+/g, " ");
export const waitForStatus = (page: Page, part: string): Promise<void> => page.locator("#status", { hasText: part }).waitFor();
