// Takes the pictures of the playground that the documentation shows. Run `npm run build` first.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { launch, serve } from "./browser.js";

const IMAGES = fileURLToPath(new URL("../../../docs/images/", import.meta.url));

/** A matched event, opened at a tab. */
const matched = (tab: string) => async (page: Page) => {
  await page.locator("#results .expand").first().click();
  await page.locator(".detail-bar button", { hasText: tab }).click();
  await page.locator(".detail .json").waitFor();
};

/** Why an event that is nearly one does not match, with the test that decides lit up in the rule. */
async function why(page: Page): Promise<void> {
  await page.click("#filters .unmatched");
  const row = page.locator(".event", { hasText: "xvf.service.txt" });
  await row.locator(".expand").click();
  await row.locator(".why").waitFor();
  await row.evaluate((row) => row.previousElementSibling?.scrollIntoView({ block: "start" }));
  await row.locator(".why-row.decides .why-text").last().hover();
}

/** A sequence's timeline. */
async function timeline(page: Page): Promise<void> {
  await page.click("#filters .timeline");
  await page.locator(".tl-lane").first().waitFor();
}

/** The same with an event of a match opened. */
async function opened(page: Page): Promise<void> {
  await timeline(page);
  await page.locator(".tl-lane", { hasText: "db-1 · ana" }).locator(".tl-mark").nth(1).click();
  await page.locator(".tl-detail .why").waitFor();
}

type Picture = { file: string; colorScheme: "light" | "dark"; example?: string; show?: (page: Page) => Promise<void> };
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 780 };
const PICTURES: readonly (Picture & { viewport: typeof WIDE })[] = [
  { file: "playground-light.png", colorScheme: "light", viewport: WIDE, show: matched("Event") },
  { file: "playground-dark.png", colorScheme: "dark", viewport: WIDE, show: matched("Alert document") },
  { file: "playground-narrow.png", colorScheme: "light", viewport: NARROW },
  { file: "playground-why-light.png", colorScheme: "light", viewport: WIDE, show: why },
  { file: "playground-why-dark.png", colorScheme: "dark", viewport: WIDE, show: why },
  { file: "playground-why-narrow.png", colorScheme: "light", viewport: NARROW, show: why },
  { file: "playground-timeline-light.png", colorScheme: "light", viewport: WIDE, example: "sequence", show: timeline },
  { file: "playground-timeline-dark.png", colorScheme: "dark", viewport: WIDE, example: "sequence", show: opened },
  { file: "playground-timeline-narrow.png", colorScheme: "dark", viewport: NARROW, example: "sequence", show: timeline },
];

// The page asks for the system's fonts. Where these are installed, pictures look alike wherever they are taken.
const FONTS = ':root { --sans: Inter, system-ui, sans-serif; --mono: "JetBrains Mono", ui-monospace, monospace; }';

mkdirSync(IMAGES, { recursive: true });
const { url, server } = await serve();
const browser = await launch();
for (const { file, colorScheme, viewport, example, show } of PICTURES) {
  const page = await browser.newPage({ colorScheme, viewport, reducedMotion: "reduce" });
  await page.goto(example ? `${url}#example=${example}` : url);
  await page.addStyleTag({ content: FONTS });
  if (viewport === NARROW) await page.click('.tabs [data-pane="results"]');
  await page.locator("#results .event").first().waitFor();
  // The first run also compiles the module; one sees the others.
  await page.keyboard.press("Control+Enter");
  await page.locator("#results:not(.stale) .event").first().waitFor();
  await show?.(page);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(300);
  await page.screenshot({ path: IMAGES + file });
  await page.close();
  console.log(`docs/images/${file}`);
}
await browser.close();
server.close();
