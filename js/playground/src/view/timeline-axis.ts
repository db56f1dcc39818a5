import { ticks, type Scale } from "../timeline/scale.js";
import { clock, day, spanText } from "../timeline/words.js";
import { h } from "./dom.js";

/** Room that a time takes on the axis. */
const LABEL = 62;
const FINE_LABEL = 88;

/** The axis: times where something happened, and how long the gaps are that are drawn shorter. */
export function axis(scale: Scale): HTMLElement {
  const { times, gaps } = scale;
  const fine = times.some(({ time }, at) => at > 0 && Math.floor(time / 1000) === Math.floor(times[at - 1]!.time / 1000));
  let last = day(times[0]?.time ?? 0);
  const labels = ticks(scale, fine ? FINE_LABEL : LABEL).map(({ time, x }) => {
    const today = day(time);
    const text = today === last ? clock(time, fine) : today.slice(5);
    last = today;
    return at(h("span", { class: "tl-time", title: `${today} ${clock(time, true)} UTC` }, text), x);
  });
  return h(
    "div",
    { class: "tl-axis", aria: { hidden: "true" } },
    h("span", { class: "tl-day" }, `${day(times[0]?.time ?? 0)}, UTC`),
    ...gaps.map(({ x, ms }) => at(h("span", { class: "tl-gap", title: `Nothing happens for ${spanText(ms)}; drawn shorter` }, spanText(ms)), x)),
    ...labels,
  );
}

/** Lines behind the lanes: where the times of the axis are, and where time is pressed together. */
export function grid(scale: Scale): HTMLElement {
  return h(
    "div",
    { class: "tl-grid", aria: { hidden: "true" } },
    ...ticks(scale, LABEL).map(({ x }) => at(h("span", { class: "tl-line" }), x)),
    ...scale.gaps.map(({ x }) => at(h("span", { class: "tl-fold" }), x)),
  );
}

function at(element: HTMLElement, x: number): HTMLElement {
  element.style.setProperty("--x", `${Math.round(x)}px`);
  return element;
}
