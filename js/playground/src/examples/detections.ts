import type { Example } from "./index.js";

const rules = import.meta.glob<string>("../../../../examples/rules/*.toml", { query: "?raw", import: "default", eager: true });
const events = import.meta.glob<string>("../../../../examples/events/*.ndjson", { query: "?raw", import: "default", eager: true });

/** The events of all sources in the order of time, as a collector would see them. */
const stream = Object.values(events)
  .flatMap((file) => file.split("\n").filter(Boolean))
  .map((line) => ({ line, time: /"@timestamp":\s*"?([^",}]+)/.exec(line)?.[1] ?? "" }))
  .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  .map(({ line }) => line)
  .join("\n")
  .concat("\n");

/** Whether a rule has all that it needs in its own text: indicators and exceptions lie in files of their own, which the page has no place for. */
function isWhole([, rule]: [string, string]): boolean {
  return !/^type = "threat_match"|^\[\[rule[.]exceptions_list\]\]/m.test(rule);
}

/** The project's own rules, each over the same hour of events from all sources. */
export const DETECTIONS: readonly Example[] = Object.entries(rules)
  .filter(isWhole)
  .map(([path, rule]): Example => {
    const id = path.replace(/^.*\//, "").replace(/\.toml$/, "");
    return {
      id,
      title: /^name = "(.*)"$/m.exec(rule)?.[1] ?? id,
      about: firstSentence(/^description = """\n?([^]*?)"""/m.exec(rule)?.[1] ?? ""),
      group: "detections",
      rule,
      events: stream,
    };
  })
  .sort((a, b) => rank(a) - rank(b) || (a.title < b.title ? -1 : 1));

/** The rule that finds something in every source comes first. */
function rank({ id }: Example): number {
  return id === "execution_mining_service_file" ? 0 : 1;
}

function firstSentence(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return /^.*?[.](?= |$)/.exec(line)?.[0] ?? line;
}
