import type { Example } from "./index.js";
import { SEQUENCE } from "./sequence.js";

/** Small lessons: a few events, one idea. Change the rule and see what happens. */
export const LESSONS: readonly Example[] = [
  lesson(
    "first-steps",
    "First steps",
    "A category, a condition, a match.",
    `// A rule names a category of events and a condition on their fields.
// Try it: take the last line away, or change "root" to "alice".
process where
  process.name == "bash" and
  user.name == "root"
`,
    [
      { event: { category: "process", action: "exec" }, process: { name: "bash", command_line: "bash -i" }, user: { name: "root" } },
      { event: { category: "process", action: "exec" }, process: { name: "bash", command_line: "bash build.sh" }, user: { name: "alice" } },
      { event: { category: "process", action: "exec" }, process: { name: "nginx", command_line: "nginx -g daemon off;" }, user: { name: "root" } },
      { event: { category: "file", action: "creation" }, process: { name: "bash" }, user: { name: "root" }, file: { path: "/tmp/out" } },
    ],
  ),
  lesson(
    "wildcards",
    "Wildcards, or exactly",
    "`==` compares as it is written; `:` and like know * and ?.",
    `// == takes * as an asterisk, so the first line only matches a file that is really called "*.sh".
// : and like take * as any text and ? as one character.
file where
  file.name == "*.sh" or
  file.name : ("install*.sh", "a?c")
`,
    [
      { event: { category: "file" }, file: { name: "install-agent.sh", path: "/tmp/install-agent.sh" } },
      { event: { category: "file" }, file: { name: "INSTALL.SH", path: "/tmp/INSTALL.SH" } },
      { event: { category: "file" }, file: { name: "*.sh", path: "/tmp/*.sh" } },
      { event: { category: "file" }, file: { name: "abc", path: "/tmp/abc" } },
      { event: { category: "file" }, file: { name: "abbc", path: "/tmp/abbc" } },
      { event: { category: "file" }, file: { name: "backup.sh", path: "/root/backup.sh" } },
    ],
  ),
  lesson(
    "case",
    "Upper and lower case",
    "Exact by default; a ~ makes an operator or function ignore case.",
    `// ==, in, like, regex and the functions respect case.
// in~, like~, regex~, startsWith~ and : do not. Which lines does each one find?
process where
  process.name in~ ("powershell.exe", "cmd.exe") and
  startsWith~(process.executable, "c:\\\\windows\\\\")
`,
    [
      { event: { category: "process" }, process: { name: "PowerShell.exe", executable: "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\PowerShell.exe" } },
      { event: { category: "process" }, process: { name: "cmd.exe", executable: "c:\\windows\\system32\\cmd.exe" } },
      { event: { category: "process" }, process: { name: "CMD.EXE", executable: "D:\\tools\\CMD.EXE" } },
      { event: { category: "process" }, process: { name: "explorer.exe", executable: "C:\\Windows\\explorer.exe" } },
    ],
  ),
  lesson(
    "missing",
    "Missing fields and not",
    "not finds the events that lack the field, too.",
    `// An event without user.name does not match user.name == "root",
// so it does match the opposite. Add  and user.name != null  to leave it out.
process where not user.name == "root"
`,
    [
      { event: { category: "process" }, process: { name: "sshd" }, user: { name: "root" } },
      { event: { category: "process" }, process: { name: "vim" }, user: { name: "alice" } },
      { event: { category: "process" }, process: { name: "kworker" } },
      { event: { category: "process" }, process: { name: "cron" }, user: { name: null } },
    ],
  ),
  lesson(
    "arrays",
    "Fields with several values",
    "Any value will do, for each condition by itself.",
    `// process.args is a list. A condition holds if any of its values meets it,
// and another condition may be met by another value. not means that no value does.
process where
  process.args : "-o" and
  process.args : "*:3333" and
  not process.args : "--dry-run"
`,
    [
      { event: { category: ["process"], type: ["start"] }, process: { name: "xmrig", args: ["xmrig", "-o", "pool.example.net:3333"] } },
      { event: { category: ["process"], type: ["start"] }, process: { name: "xmrig", args: ["xmrig", "--dry-run", "-o", "pool.example.net:3333"] } },
      { event: { category: ["process"], type: ["start"] }, process: { name: "cc", args: ["cc", "-o", "main", "main.c"] } },
      { "event.category": ["process"], "process.name": "miner", "process.args": ["miner", "-o", "198.51.100.7:3333"] },
    ],
  ),
  lesson(
    "optional",
    "Optional fields",
    "A ? before a field that not every index has.",
    `// In Elastic, a field that the mapping does not know is an error.
// A question mark makes it null instead; one rule then serves several sources.
network where
  destination.port == 22 and
  (?source.geo.country_iso_code == null or source.geo.country_iso_code != "CH")
`,
    [
      { event: { category: "network" }, destination: { ip: "192.0.2.10", port: 22 }, source: { ip: "198.51.100.4", geo: { country_iso_code: "FR" } } },
      { event: { category: "network" }, destination: { ip: "192.0.2.10", port: 22 }, source: { ip: "192.0.2.77", geo: { country_iso_code: "CH" } } },
      { event: { category: "network" }, destination: { ip: "192.0.2.11", port: 22 }, source: { ip: "203.0.113.9" } },
      { event: { category: "network" }, destination: { ip: "192.0.2.11", port: 443 }, source: { ip: "203.0.113.9" } },
    ],
  ),
  lesson(
    "networks",
    "Addresses and networks",
    "cidrMatch for IPv4 and IPv6.",
    `// Connections that leave the networks we know.
network where
  not cidrMatch(destination.ip, "10.0.0.0/8", "192.168.0.0/16", "fd00::/8") and
  destination.port in (4444, 3333, 6667)
`,
    [
      { event: { category: "network" }, process: { name: "nc" }, destination: { ip: "203.0.113.80", port: 4444 } },
      { event: { category: "network" }, process: { name: "nc" }, destination: { ip: "10.2.3.4", port: 4444 } },
      { event: { category: "network" }, process: { name: "irssi" }, destination: { ip: "2001:db8::6667", port: 6667 } },
      { event: { category: "network" }, process: { name: "agent" }, destination: { ip: "fd00::12", port: 3333 } },
    ],
  ),
  SEQUENCE,
  lesson(
    "slip",
    "A slip, and its fix",
    "Errors are shown where they are, often with a fix.",
    `// Two slips. Point at the wavy lines, or use the buttons below.
file where
  file.nmae == "authorized_keys" and
  endsWtih(file.path, "/.ssh/authorized_keys")
`,
    [
      { event: { category: "file", action: "creation" }, file: { name: "authorized_keys", path: "/root/.ssh/authorized_keys" }, process: { name: "curl" } },
      { event: { category: "file", action: "creation" }, file: { name: "authorized_keys", path: "/tmp/authorized_keys" }, process: { name: "vim" } },
    ],
  ),
];

function lesson(id: string, title: string, about: string, rule: string, events: object[]): Example {
  const lines = events.map((event, at) =>
    JSON.stringify({ "@timestamp": `2026-01-15T09:30:${String(at * 7).padStart(2, "0")}.000Z`, ...event }),
  );
  return { id, title, about, group: "lessons", rule, events: `${lines.join("\n")}\n` };
}
