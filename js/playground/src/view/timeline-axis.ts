import { ticks, type Scale } from "../timeline/scale.js";
import { clock, day, lengthText, shortLength } from "../timeline/words.js";
import { h } from "./dom.js";

/** Room that a time takes on the axis, and one with milliseconds. */
const LABEL = 70;
const FINE_LABEL = 92;

/** The axis: times where something happened, and how long the gaps are that are drawn shorter. */
export function axis(scale: Scale, pad: number): HTMLElement {
  const { times, gaps } = scale;
  const coarse = ticks(scale, LABEL, pad);
  const isFine = coarse.some(({ time }, at) => at > 0 && Math.floor(time / 1000) === Math.floor(coarse[at - 1]!.time / 1000));
  let last = day(times[0]?.time ?? 0);
  const labels = (isFine ? ticks(scale, FINE_LABEL, pad) : coarse).map(({ time, x, aside }) => {
    const today = day(time);
    // Where a day begins it is told, for the seconds.
    const text = today === last ? clock(time, isFine) : `${today.slice(5)} ${clock(time).slice(0, 5)}`;
    last = today;
    const label = at(h("span", { class: "tl-time", title: `${today} ${clock(time, true)} UTC` }, h("span", {}, text)), x);
    label.style.setProperty("--aside", `${Math.round(aside)}px`);
    return label;
  });
  return h(
    "div",
    { class: "tl-axis", aria: { hidden: "true" } },
    ...gaps.map(({ x, ms }) => at(h("span", { class: "tl-gap", title: `Nothing happens for ${lengthText(ms)}; drawn shorter` }, shortLength(ms)), x)),
    ...labels,
  );
}

/** Lines behind the lanes: where the times of the axis are, and where time is pressed together. */
export function grid(scale: Scale, pad: number): HTMLElement {
  return h(
    "div",
    { class: "tl-grid", aria: { hidden: "true" } },
    ...ticks(scale, LABEL, pad).map(({ x }) => at(h("span", { class: "tl-line" }), x)),
    ...scale.gaps.map(({ x }) => at(h("span", { class: "tl-fold" }), x)),
  );
}

function at(element: HTMLElement, x: number): HTMLElement {
  element.style.setProperty("--x", `${Math.round(x)}px`);
  return element;
}
