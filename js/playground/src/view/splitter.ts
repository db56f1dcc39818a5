/** A bar between panes: drag it, move it with the arrow keys, double-click or press Enter to centre it. */
export function splitter(bar: HTMLElement, panes: HTMLElement, property: "--left" | "--top", initial: number): void {
  const vertical = property === "--top";
  const key = `tripline.split${property}`;
  let value = initial;

  const set = (percent: number): void => {
    value = Math.round(Math.min(82, Math.max(18, percent)) * 10) / 10;
    panes.style.setProperty(property, `${value}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(value)));
  };
  const store = (): void => {
    try {
      localStorage.setItem(key, String(value));
    } catch {
      // Storage is switched off; the size lasts as long as the page.
    }
  };
  bar.setAttribute("aria-valuemin", "18");
  bar.setAttribute("aria-valuemax", "82");
  set(stored(key) ?? initial);

  bar.addEventListener("pointerdown", (down) => {
    bar.setPointerCapture(down.pointerId);
    bar.classList.add("dragging");
    const box = panes.getBoundingClientRect();
    const move = (event: PointerEvent): void =>
      set(vertical ? ((event.clientY - box.top) / box.height) * 100 : ((event.clientX - box.left) / box.width) * 100);
    bar.addEventListener("pointermove", move);
    bar.addEventListener(
      "lostpointercapture",
      () => {
        bar.removeEventListener("pointermove", move);
        bar.classList.remove("dragging");
        store();
      },
      { once: true },
    );
  });
  const centre = (): void => {
    set(initial);
    store();
  };
  bar.addEventListener("dblclick", centre);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowRight: 2, ArrowUp: -2, ArrowDown: 2 }[event.key];
    if (event.key === "Enter") centre();
    else if (step !== undefined && vertical === /Up|Down/.test(event.key)) {
      set(value + step);
      store();
    } else return;
    event.preventDefault();
  });
}

function stored(key: string): number | null {
  try {
    const value = Number.parseFloat(localStorage.getItem(key) ?? "");
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}
