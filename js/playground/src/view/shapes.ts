import type { Term } from "@tripline/engine";

const SVG = "http://www.w3.org/2000/svg";

/** One form per term, so that colour is never all that tells them apart. */
const FORMS = [
  "M10 2a8 8 0 1 1 0 16a8 8 0 1 1 0-16z",
  "M4.5 2.5h11a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2z",
  "M10 .8l9.2 9.2l-9.2 9.2l-9.2-9.2z",
  "M5.4 2h9.2l4.6 8l-4.6 8h-9.2l-4.6-8z",
  "M10 1l9 6.6l-3.4 10.4h-11.2l-3.4-10.4z",
  "M2.5 6a3.5 3.5 0 0 1 3.5-3.5h8a3.5 3.5 0 0 1 3.5 3.5l-3.5 11.5h-8z",
];
const CIRCLE = FORMS[0]!;
const OCTAGON = "M6.6 1.8h6.8l4.8 4.8v6.8l-4.8 4.8h-6.8l-4.8-4.8v-6.8z";
/** Colours that tokens.css has. */
const COLOURS = 6;

/** What a term looks like: its form and the class of its colour. */
function look(terms: readonly Term[], at: number): { path: string; name: string } {
  const role = terms[at]?.role;
  if (role === "missing") return { path: CIRCLE, name: "missing" };
  if (role === "until") return { path: OCTAGON, name: "until" };
  const nth = terms.slice(0, at).filter(({ role }) => role === "term").length;
  return { path: FORMS[nth % FORMS.length]!, name: `term-${(nth % COLOURS) + 1}` };
}

/** The sign of a term: a form with its number, or with a bar for `until`. */
export function termSign(terms: readonly Term[], at: number): SVGSVGElement {
  const { path, name } = look(terms, at);
  const svg = make("svg", { viewBox: "0 0 20 20", width: "20", height: "20", class: `term ${name}`, "aria-hidden": "true" });
  svg.append(make("path", { d: path, class: "form" }));
  if (name === "until") {
    svg.append(make("path", { d: "M6.5 10h7", class: "bar" }));
  } else {
    const number = make("text", { x: "10", y: "10" });
    number.textContent = String(at + 1);
    svg.append(number);
  }
  return svg;
}

function make<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string>): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
