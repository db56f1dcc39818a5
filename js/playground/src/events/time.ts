const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i;
const ISO = /^[+-]?\d{4,}(?:-\d\d(?:-\d\d(?:[T ][\d:.,]+)?)?)?/;

/** A timestamp as milliseconds since 1970; null when it is none that JavaScript can read. */
export function millisOf(timestamp: unknown): number | null {
  if (typeof timestamp === "number") return Number.isFinite(timestamp) ? timestamp : null;
  if (typeof timestamp !== "string") return null;
  if (/^-?\d{9,15}$/.test(timestamp)) return Number(timestamp);
  if (!ISO.test(timestamp)) return null;
  // Without a zone a time is UTC for the engine, for JavaScript it is local. Digits below a microsecond confuse some browsers.
  const text = timestamp.trim().replace(" ", "T").replace(/([.,]\d{6})\d+/, "$1").replace(",", ".");
  const time = Date.parse(text.includes("T") && !ZONE.test(text) ? `${text}Z` : text);
  return Number.isNaN(time) ? null : time;
}
