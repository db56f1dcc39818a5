import type { Example } from "./index.js";

const rule = `// A failed login, one that succeeds, a download: by one user on one host, within
// two minutes. Each host and user is followed by itself. Choose Timeline beside
// the results to see what became of each, and point at what you find there.
sequence by host.id, user.name with maxspan=2m
  [authentication where event.outcome == "failure"]
  [authentication where event.outcome == "success"]
  [process where process.name in ("curl", "wget")]
until [authentication where event.action == "logged-out"]
`;

/** A line of the story: when, where and who. */
function at(time: string, host: string, user: string, more: object): string {
  return JSON.stringify({ "@timestamp": `2026-01-15T${time}.000Z`, host: { id: host }, user: { name: user }, ...more });
}

const login = (outcome: "success" | "failure"): object => ({ event: { category: "authentication", action: "logged-in", outcome } });
const logout: object = { event: { category: "authentication", action: "logged-out" } };
const run = (name: string, command_line: string): object => ({
  event: { category: "process", action: "exec" },
  process: { name, command_line },
});

const events = [
  at("09:30:00", "web-1", "ana", login("failure")),
  at("09:30:04", "web-1", "ana", login("failure")),
  at("09:30:09", "db-1", "ana", login("failure")),
  at("09:30:16", "web-1", "ana", login("success")),
  at("09:30:20", "web-1", "ben", login("failure")),
  at("09:30:27", "db-1", "ana", login("success")),
  at("09:30:33", "web-1", "ben", login("success")),
  at("09:30:41", "web-1", "ana", run("curl", "curl -o /tmp/.x https://files.example.net/x")),
  at("09:30:48", "web-1", "ben", logout),
  at("09:30:55", "web-1", "ben", run("wget", "wget https://mirror.example.org/index.html")),
  at("09:31:10", "web-2", "deploy", run("curl", "curl -fsS https://ci.example.com/agent")),
  at("09:44:05", "db-1", "ana", run("curl", "curl https://pastebin.example.net/raw/7h2")),
  at("09:44:20", "db-1", "cyd", login("failure")),
  at("09:44:31", "db-1", "cyd", login("success")),
];

/** What a sequence keeps apart, drops and waits for. */
export const SEQUENCE: Example = {
  id: "sequence",
  title: "One thing after another",
  about: "A sequence by host and user, and what became of each key.",
  group: "lessons",
  rule,
  events: `${events.join("\n")}\n`,
};
