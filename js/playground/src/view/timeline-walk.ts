/**
 * Makes the marks of a timeline one stop of the Tab key, among which the arrow keys walk: left and right in the order
 * of time, up and down to the nearest mark of the next row.
 */
export function walk(root: HTMLElement): void {
  root.addEventListener("keydown", (event) => {
    const from = event.target;
    if (!(from instanceof HTMLElement) || !from.matches(".tl-mark") || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = rowsOf(root);
    const row = rows.findIndex((marks) => marks.includes(from));
    const at = rows[row]?.indexOf(from) ?? 0;
    const target = {
      ArrowLeft: rows[row]?.[at - 1] ?? rows[row - 1]?.at(-1),
      ArrowRight: rows[row]?.[at + 1] ?? rows[row + 1]?.[0],
      ArrowUp: closest(rows[row - 1], from),
      ArrowDown: closest(rows[row + 1], from),
      Home: rows[0]?.[0],
      End: rows.at(-1)?.at(-1),
    }[event.key];
    if (!/^(?:Arrow|Home$|End$)/.test(event.key)) return;
    event.preventDefault();
    if (!target) return;
    for (const mark of root.querySelectorAll<HTMLElement>('.tl-mark[tabindex="0"]')) mark.tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  });
}

/** The marks row by row, as they are seen. */
function rowsOf(root: HTMLElement): HTMLElement[][] {
  const rows: HTMLElement[][] = [];
  for (const track of root.querySelectorAll(".tl-track")) {
    const own = new Map<number, HTMLElement[]>();
    for (const mark of track.querySelectorAll<HTMLElement>(".tl-mark")) {
      own.set(mark.offsetTop, [...(own.get(mark.offsetTop) ?? []), mark]);
    }
    for (const [, marks] of [...own].sort(([a], [b]) => a - b)) rows.push(marks.sort((a, b) => a.offsetLeft - b.offsetLeft));
  }
  return rows;
}

function closest(row: HTMLElement[] | undefined, to: HTMLElement): HTMLElement | undefined {
  return row?.toSorted((a, b) => Math.abs(a.offsetLeft - to.offsetLeft) - Math.abs(b.offsetLeft - to.offsetLeft))[0];
}
