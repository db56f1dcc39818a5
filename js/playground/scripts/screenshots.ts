// Takes the pictures of the playground that the documentation shows. Run `npm run build` first.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, serve } from "./browser.js";

const IMAGES = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
const PICTURES = [
  { file: "playground-light.png", colorScheme: "light", width: 1440, height: 900, open: "Event" },
  { file: "playground-dark.png", colorScheme: "dark", width: 1440, height: 900, open: "Alert document" },
  { file: "playground-narrow.png", colorScheme: "light", width: 390, height: 780, pane: "results" },
] as const;

// The page asks for the system's fonts. Where these are installed, pictures look alike wherever they are taken.
const FONTS = ':root { --sans: Inter, system-ui, sans-serif; --mono: "JetBrains Mono", ui-monospace, monospace; }';

mkdirSync(IMAGES, { recursive: true });
const { url, server } = await serve();
const browser = await launch();
for (const picture of PICTURES) {
  const { file, colorScheme, width, height } = picture;
  const page = await browser.newPage({ colorScheme, viewport: { width, height }, reducedMotion: "reduce" });
  await page.goto(url);
  await page.addStyleTag({ content: FONTS });
  if ("pane" in picture) await page.click(`.tabs [data-pane="${picture.pane}"]`);
  await page.locator("#results .event").first().waitFor();
  // The first run also compiles the module; one sees the others.
  await page.keyboard.press("Control+Enter");
  await page.locator("#results:not(.stale) .event").first().waitFor();
  if ("open" in picture) {
    await page.locator("#results .expand").first().click();
    await page.locator(".detail-bar button", { hasText: picture.open }).click();
    await page.locator(".detail .json").waitFor();
  }
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(300);
  await page.screenshot({ path: IMAGES + file });
  await page.close();
  console.log(`docs/images/${file}`);
}
await browser.close();
server.close();
