/** Events found in a text, ready for the engine. */
export interface Events {
  /** The events as UTF-8, one per line. */
  lines: Uint8Array;
  /** Where each event starts in the text, as UTF-16 offsets. */
  starts: Uint32Array;
  /** Where each event ends. */
  ends: Uint32Array;
}

/**
 * Finds the events in a text: one per line, the elements of an array, or documents spread over several lines. Which it
 * is, is told as the command tells it.
 *
 * The text need not be correct. What cannot be JSON is passed on as an event, so that the engine refuses and counts it.
 */
export function split(text: string): Events {
  return isLines(text) ? splitLines(text) : collect(text, documents(text));
}

/** Whether each line is an event of its own: judged by the first event. */
export function isLines(text: string): boolean {
  const start = text.search(/\S/);
  if (text[start] === "[") return false;
  if (text[start] !== "{") return true;
  const newline = text.indexOf("\n", start);
  const end = newline < 0 ? text.length : newline;
  let depth = 0;
  for (let pos = start; pos < end; pos += 1) {
    const code = text.charCodeAt(pos);
    if (code === QUOTE) {
      pos = stringEnd(text, pos);
      if (pos >= end) return true; // A string does not go on in the next line.
    } else if (isOpen(code)) {
      depth += 1;
    } else if (isClose(code)) {
      depth -= 1;
      if (depth === 0) return !/^\s*[{,]/.test(text.slice(pos + 1, pos + 200));
    }
  }
  // Open at the end of its line: pretty-printed, if the line has an end.
  return newline < 0;
}

const BLANK = /^[ \t\r]*$/;

function splitLines(text: string): Events {
  const places = new Places();
  for (let from = 0; from <= text.length; ) {
    const newline = text.indexOf("\n", from);
    const to = newline < 0 ? text.length : newline;
    // Most lines start with `{`; only the others need a closer look.
    if (text.charCodeAt(from) === OPEN_BRACE || !BLANK.test(text.slice(from, to))) places.push(from, to);
    from = to + 1;
  }
  return { lines: new TextEncoder().encode(text), ...places.done() };
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Objects one after another, or the elements of an array, each over as many lines as it likes.
 *
 * After a broken one the next is looked for where a line begins with `{`, indented no deeper than the broken one and
 * not where a value may stand.
 */
function* documents(text: string): Generator<[number, number]> {
  const array = /^\s*\[/.exec(text)?.[0].length ?? 0;
  let from = array;
  let depth = 0;
  let last = 0;
  let line = 0;
  let startIndent = 0;
  for (let pos = array; pos < text.length; pos += 1) {
    const code = text.charCodeAt(pos);
    if (code === NEWLINE) line = pos + 1;
    if (isSpace(code)) continue;
    if (depth > 0 && code === OPEN_BRACE && pos - line <= startIndent && isBlank(text, line, pos) && !mayPrecedeValue(last)) {
      yield [from, pos];
      from = pos;
      depth = 0;
    }
    if (depth === 0 && isOpen(code)) startIndent = pos - line;
    last = code;
    if (code === QUOTE) pos = stringEnd(text, pos);
    else if (isOpen(code)) depth += 1;
    else if (depth > 0 && isClose(code)) {
      depth -= 1;
      if (depth > 0) continue;
      yield [from, pos + 1];
      from = pos + 1;
    } else if (depth === 0 && (code === COMMA || (array > 0 && code === CLOSE_BRACKET))) {
      yield [from, pos];
      from = pos + 1;
    }
  }
  yield [from, text.length];
}

function isOpen(code: number): boolean {
  return code === OPEN_BRACE || code === OPEN_BRACKET;
}

function isClose(code: number): boolean {
  return code === CLOSE_BRACE || code === CLOSE_BRACKET;
}

function mayPrecedeValue(code: number): boolean {
  return code === OPEN_BRACKET || code === COMMA || code === COLON;
}

function isBlank(text: string, from: number, to: number): boolean {
  for (let pos = from; pos < to; pos += 1) if (!isSpace(text.charCodeAt(pos))) return false;
  return true;
}

/** The position of a string's closing quote, or of its line's end if it has none: a slip must not swallow the rest. */
function stringEnd(text: string, quote: number): number {
  for (let pos = quote + 1; pos < text.length; pos += 1) {
    const code = text.charCodeAt(pos);
    if (code === QUOTE) return pos;
    if (code === BACKSLASH) pos += 1;
    else if (code === NEWLINE) return pos;
  }
  return text.length;
}

function collect(text: string, found: Iterable<[number, number]>): Events {
  const places = new Places();
  const parts: string[] = [];
  for (let [from, to] of found) {
    while (from < to && isSpace(text.charCodeAt(from))) from += 1;
    while (to > from && isSpace(text.charCodeAt(to - 1))) to -= 1;
    if (from === to) continue;
    places.push(from, to);
    // A tab keeps offsets in place: between values it is a space like the newline was, and inside a string it is as
    // wrong as the newline was.
    parts.push(text.slice(from, to).replaceAll("\n", "\t"));
  }
  return { lines: new TextEncoder().encode(parts.join("\n")), ...places.done() };
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === NEWLINE || code === 0x0d || code === 0x09;
}

/** Growing pairs of offsets: millions of them must not become millions of objects. */
class Places {
  #starts = new Uint32Array(1024);
  #ends = new Uint32Array(1024);
  #count = 0;

  push(start: number, end: number): void {
    if (this.#count === this.#starts.length) {
      this.#starts = grown(this.#starts);
      this.#ends = grown(this.#ends);
    }
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  done(): { starts: Uint32Array; ends: Uint32Array } {
    return { starts: this.#starts.slice(0, this.#count), ends: this.#ends.slice(0, this.#count) };
  }
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** The index of the event that holds an offset of the text, or -1. */
export function eventAt(events: { starts: Uint32Array; ends: Uint32Array }, offset: number): number {
  let low = 0;
  let high = events.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events.starts[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low > 0 && offset <= events.ends[low - 1]! ? low - 1 : -1;
}
