/** What a link carries. */
export interface Shared {
  rule: string;
  events: string;
}

/** A fragment longer than this is not made: chat programs and mail cut longer links. */
export const MAX_FRAGMENT = 64_000;
/** What is longer than this is not packed at all: it would not fit, and packing takes its time. */
export const MAX_PACKED = 4 << 20;
/** What a link may unfold to: a stranger's link must not fill the memory. */
const MAX_UNPACKED = 32 << 20;

/** Version of the fragment's format, so that old links keep working. */
const PREFIX = "#v1=";

/** Packs a rule and events into a URL fragment. */
export async function pack(shared: Shared): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify([shared.rule, shared.events]));
  return PREFIX + toBase64Url(await pipe(json, new CompressionStream("deflate-raw"), Infinity));
}

/** Unpacks a fragment; null when it carries nothing. Throws when it is damaged. */
export async function unpack(fragment: string): Promise<Shared | null> {
  if (!fragment.startsWith(PREFIX)) return null;
  const bytes = fromBase64Url(fragment.slice(PREFIX.length));
  const json = await pipe(bytes, new DecompressionStream("deflate-raw"), MAX_UNPACKED);
  const parts: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  if (!Array.isArray(parts) || typeof parts[0] !== "string" || typeof parts[1] !== "string") {
    throw new Error("the link holds no rule and events");
  }
  return { rule: parts[0], events: parts[1] };
}

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(through).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw new Error("the link unfolds to more than 32 MB");
    }
    chunks.push(value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
