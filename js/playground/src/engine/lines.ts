/** The bytes of an event. Blank lines are not events, so the lines are counted as the engine counts them. */
export function lineOf(lines: Uint8Array, event: number): Uint8Array {
  return linesOf(lines, [event])[0]!;
}

/** The bytes of some events, found in one pass; an event that is not there is empty. */
export function linesOf(lines: Uint8Array, events: readonly number[]): Uint8Array[] {
  const wanted = new Map(events.map((event) => [event, lines.subarray(0, 0)]));
  let missing = wanted.size;
  let count = 0;
  for (let from = 0; from < lines.length && missing > 0; ) {
    const newline = lines.indexOf(0x0a, from);
    const to = newline < 0 ? lines.length : newline;
    if (!isBlank(lines, from, to)) {
      if (wanted.has(count)) {
        wanted.set(count, lines.subarray(from, to));
        missing -= 1;
      }
      count += 1;
    }
    from = to + 1;
  }
  return events.map((event) => wanted.get(event)!);
}

/** As many whole lines as fit. */
export function head(lines: Uint8Array, most: number): Uint8Array {
  if (lines.length <= most) return lines;
  return lines.subarray(0, lines.lastIndexOf(0x0a, most - 1) + 1);
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
