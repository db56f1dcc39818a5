const WORD = /[\p{L}\p{N}]/u;
const SPACE = /\s/;

/**
 * Where a place in a text is after the text was written in another form, in which white space, parentheses and
 * quotes may differ: behind the same letter or digit, and behind the same marks after it.
 */
export function follow(before: string, at: number, after: string): number {
  let letters = 0;
  let marks = "";
  for (const char of before.slice(0, at)) {
    if (WORD.test(char)) {
      letters += 1;
      marks = "";
    } else if (!SPACE.test(char)) {
      marks += char;
    }
  }
  let place = 0;
  for (const char of after) {
    if (letters === 0) break;
    if (WORD.test(char)) letters -= 1;
    place += char.length;
  }
  const skipSpace = (from: number): number => {
    let to = from;
    while (to < after.length && SPACE.test(after[to]!)) to += 1;
    return to;
  };
  for (const mark of marks) {
    const next = skipSpace(place);
    if (!after.startsWith(mark, next)) break;
    place = next + mark.length;
  }
  // What stands before something stays before it, rather than behind what comes before.
  const isBefore = at < before.length && !SPACE.test(before[at]!) && (at === 0 || !WORD.test(before[at - 1]!));
  return isBefore ? skipSpace(place) : place;
}
