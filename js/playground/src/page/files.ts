import { byId, size, toast } from "../view/dom.js";

/** A file larger than this is not read: the command is the better tool for it. */
const MAX_FILE = 64 << 20;

/** Reads events from a file that is chosen, or dropped anywhere on the page. */
export function files(read: (text: string) => void): void {
  const open = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    if (file.size > MAX_FILE) {
      const command = `tripline eval --rules RULE --events ${file.name}`;
      toast(`${file.name} has ${size(file.size)}, more than the ${size(MAX_FILE)} that fit a page. Try: ${command}`, 8000);
      return;
    }
    read(await file.text());
    toast(`Read ${file.name}.`);
  };

  const input = byId<HTMLInputElement>("file");
  byId("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    void open(input.files?.[0]);
    input.value = "";
  });

  const pane = byId("pane-events");
  let depth = 0; // Each element below the pointer enters and leaves by itself.
  window.addEventListener("dragenter", (event) => {
    if (!carriesFile(event)) return;
    depth += 1;
    pane.classList.add("dropping");
  });
  window.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) pane.classList.remove("dropping");
  });
  window.addEventListener("dragover", (event) => carriesFile(event) && event.preventDefault());
  window.addEventListener(
    "drop",
    (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      // An editor would insert the file at its cursor.
      event.stopPropagation();
      depth = 0;
      pane.classList.remove("dropping");
      void open(event.dataTransfer?.files[0]);
    },
    { capture: true },
  );
}

function carriesFile(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
