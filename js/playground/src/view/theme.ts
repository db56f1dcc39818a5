import { byId, toast } from "./dom.js";

type Theme = "system" | "light" | "dark";
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const NAMES: Record<Theme, string> = { system: "Theme as the system has it", light: "Light theme", dark: "Dark theme" };
const KEY = "tripline.theme";

/** The button that goes through the themes. `theme.js` sets a stored one before the first paint. */
export function themeToggle(): void {
  const root = document.documentElement;
  const button = byId("theme");
  const current = (): Theme => (root.dataset["theme"] as Theme | undefined) ?? "system";
  const label = (): void => {
    button.setAttribute("aria-label", `${NAMES[current()]}. Change to: ${NAMES[NEXT[current()]].toLowerCase()}`);
    button.title = NAMES[current()];
  };
  label();
  button.addEventListener("click", () => {
    const theme = NEXT[current()];
    if (theme === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme;
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Storage is switched off; the choice lasts as long as the page.
    }
    label();
    toast(NAMES[theme], 1400);
  });
}
