// Takes the pictures of the playground that the documentation shows. Run `npm run build` first.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, serve } from "./browser.js";

const IMAGES = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
const PICTURES = [
  { file: "playground-light.png", colorScheme: "light", width: 1440, height: 900, hash: "" },
  { file: "playground-dark.png", colorScheme: "dark", width: 1440, height: 900, hash: "" },
  { file: "playground-narrow.png", colorScheme: "light", width: 390, height: 780, hash: "", pane: "results" },
] as const;

// The page asks for the system's fonts. Where these are installed, pictures look alike wherever they are taken.
const FONTS = ':root { --sans: Inter, system-ui, sans-serif; --mono: "JetBrains Mono", ui-monospace, monospace; }';

mkdirSync(IMAGES, { recursive: true });
const { url, server } = await serve();
const browser = await launch();
for (const picture of PICTURES) {
  const { file, colorScheme, width, height, hash } = picture;
  const page = await browser.newPage({ colorScheme, viewport: { width, height }, reducedMotion: "reduce" });
  await page.goto(url + hash);
  await page.addStyleTag({ content: FONTS });
  await page.locator("#results .row").first().waitFor();
  if ("pane" in picture) await page.click(`.tabs [data-pane="${picture.pane}"]`);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(300);
  await page.screenshot({ path: IMAGES + file });
  await page.close();
  console.log(`docs/images/${file}`);
}
await browser.close();
server.close();
