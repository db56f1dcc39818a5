import { content, first, values } from "./field.js";

/** What one wants to see of an event at a glance. */
export interface Facts {
  /** The time of day, with its date in `date`. */
  time: string;
  date: string;
  host: string;
  user: string;
  /** `file · creation`, `process · exec`. */
  action: string;
  /** Who did it: the process. */
  subject: string;
  /** What it was done to: a file, an address, a command line. */
  object: string;
  /** Which product sent it. */
  source: string;
}

/** Picks the key facts out of an event of any of the common sources. */
export function facts(document: unknown): Facts {
  const event = content(document);
  const timestamp = first(event, "@timestamp", "event.created", "event.ingested");
  const category = first(event, "event.category");
  return {
    ...clock(timestamp),
    host: first(event, "host.name", "host.hostname", "agent.name", "host.id"),
    user: first(event, "user.name", "process.user.name") || identified(first(event, "user.id")),
    action: [category, first(event, "event.action", "event.type")].filter(Boolean).join(" · "),
    subject: first(event, "process.name", "process.executable", "process.parent.name"),
    object: object(event, category),
    source: source(event, first(document, "_index")),
  };
}

function identified(id: string): string {
  return id && `uid ${id}`;
}

function object(event: unknown, category: string): string {
  const command = first(event, "process.command_line") || values(event, "process.args").join(" ");
  const file = first(event, "file.path", "file.name");
  const target = first(event, "dns.question.name", "destination.domain", "destination.ip", "destination.address");
  const port = first(event, "destination.port");
  const address = target && port ? `${target}:${port}` : target;
  const order =
    category === "process" ? [command, file, address] : category === "network" ? [address, file, command] : [file, address, command];
  return order.find(Boolean) ?? first(event, "registry.path", "dll.path", "url.full", "message");
}

const SOURCES: readonly [RegExp, string][] = [
  [/endgame/, "Endgame"],
  [/crowdstrike/, "CrowdStrike"],
  [/sentinel_?one/, "SentinelOne"],
  [/^endpoint|elastic.?endpoint|logs-endpoint/, "Elastic Defend"],
  [/aws[.]cloudtrail/, "AWS CloudTrail"],
  [/system[.]auth/, "System logins"],
  [/auditd|auditbeat/, "Auditd"],
  [/sysmon|winlogbeat|windows/, "Windows"],
];

const OTHERS = ["event.dataset", "event.module", "agent.type"];

function source(event: unknown, index: string): string {
  const names = [first(event, "data_stream.dataset"), index, ...OTHERS.map((field) => first(event, field))]
    .map((name) => name.toLowerCase())
    .filter(Boolean);
  const known = SOURCES.find(([pattern]) => names.some((name) => pattern.test(name)));
  return known?.[1] ?? names[0] ?? "";
}

function clock(timestamp: string): { time: string; date: string } {
  const iso = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)/.exec(timestamp);
  if (iso) return { date: iso[1]!, time: iso[2]! };
  if (/^\d{12,14}$/.test(timestamp)) {
    const [date, time] = new Date(Number(timestamp)).toISOString().split("T") as [string, string];
    return { date, time: time.slice(0, 8) };
  }
  return { date: "", time: timestamp };
}
