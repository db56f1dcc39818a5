const encoder = new TextEncoder();

/** Text as UTF-8; bytes as they are. A lone surrogate becomes U+FFFD, as everywhere on the web. */
export function utf8(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? encoder.encode(text) : text;
}

/** Where the characters that are not ASCII start and end; between them both counts advance in step. */
interface Wide {
  starts: number[];
  ends: number[];
}

/**
 * Converts between the byte offsets of diagnostics and the UTF-16 offsets of JavaScript strings.
 *
 * Build it once per text; looking up is a binary search over the characters that are not ASCII.
 */
export class ByteOffsets {
  readonly #length: number;
  readonly #utf16: Wide = { starts: [], ends: [] };
  readonly #bytes: Wide = { starts: [], ends: [] };

  /** Reads the text that the offsets refer to. */
  constructor(text: string) {
    this.#length = text.length;
    let bytes = 0;
    for (let at = 0; at < text.length; ) {
      const point = text.codePointAt(at)!;
      const units = point > 0xffff ? 2 : 1;
      const width = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      if (width > 1) {
        this.#utf16.starts.push(at);
        this.#utf16.ends.push(at + units);
        this.#bytes.starts.push(bytes);
        this.#bytes.ends.push(bytes + width);
      }
      at += units;
      bytes += width;
    }
  }

  /** The UTF-16 offset of a byte offset; inside a character, that of its start; past the end, the end. */
  toUtf16(byte: number): number {
    return Math.min(this.#length, convert(byte, this.#bytes, this.#utf16));
  }

  /** The byte offset of a UTF-16 offset; inside a character, that of its start. */
  toBytes(utf16: number): number {
    return convert(Math.min(utf16, this.#length), this.#utf16, this.#bytes);
  }

  /** A span of byte offsets as UTF-16 offsets, for `slice` or an editor. */
  span(span: { start: number; end: number }): { start: number; end: number } {
    return { start: this.toUtf16(span.start), end: this.toUtf16(span.end) };
  }
}

function convert(offset: number, from: Wide, to: Wide): number {
  let low = 0;
  let high = from.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (from.starts[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return offset;
  const last = low - 1;
  return offset < from.ends[last]! ? to.starts[last]! : to.ends[last]! + (offset - from.ends[last]!);
}
