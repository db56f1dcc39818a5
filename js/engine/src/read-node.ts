import { readFile } from "node:fs/promises";

/** Reads the module's bytes: Node's `fetch` does not know `file:` addresses. */
export async function read(url: URL): Promise<Uint8Array> {
  if (url.protocol === "file:") return readFile(url);
  return (await import("./read-web.js")).read(url);
}
