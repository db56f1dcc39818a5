/** One entry of the language's reference, for completion and the help page. */
export interface Entry {
  name: string;
  /** How it is written. */
  form: string;
  /** What it does, in one sentence. */
  about: string;
}

/** All functions; each also has a form with `~` that ignores case where it compares strings. */
export const FUNCTIONS: readonly Entry[] = [
  { name: "add", form: "add(x, y)", about: "The sum; the same as x + y." },
  { name: "between", form: 'between(s, "left", "right")', about: "The text between two marks; null when they are not there." },
  { name: "cidrMatch", form: 'cidrMatch(ip, "10.0.0.0/8", …)', about: "Whether an address lies in one of the networks." },
  { name: "concat", form: "concat(a, b, …)", about: "The values as one string; null when any is null." },
  { name: "divide", form: "divide(x, y)", about: "The quotient; two integers give an integer." },
  { name: "endsWith", form: 'endsWith(s, "end")', about: "Whether a string ends with another." },
  { name: "indexOf", form: 'indexOf(s, "part")', about: "Where one string first occurs in another; null when it does not." },
  { name: "length", form: "length(s)", about: "The number of characters." },
  { name: "modulo", form: "modulo(x, y)", about: "The remainder; the same as x % y." },
  { name: "multiply", form: "multiply(x, y)", about: "The product; the same as x * y." },
  { name: "number", form: 'number("0x1f")', about: "A string read as a number." },
  { name: "startsWith", form: 'startsWith(s, "start")', about: "Whether a string starts with another." },
  { name: "string", form: "string(x)", about: "A value written as a string." },
  { name: "stringContains", form: 'stringContains(s, "part")', about: "Whether one string contains another." },
  { name: "substring", form: "substring(s, from, to)", about: "A part of a string; negative positions count from its end." },
  { name: "subtract", form: "subtract(x, y)", about: "The difference; the same as x - y." },
];

/** Operators and words, in the order in which one learns them. */
export const OPERATORS: readonly Entry[] = [
  { name: "where", form: "process where …", about: "Events of one category that meet a condition; `any where` takes every category." },
  { name: "and", form: "a and b", about: "Both." },
  { name: "or", form: "a or b", about: "At least one; `and` binds tighter." },
  { name: "not", form: "not a", about: "Everything that `a` does not match, events without the field included." },
  { name: "==", form: 'name == "bash"', about: "Equal, with the same case and no wildcards." },
  { name: "!=", form: 'name != "bash"', about: "Not equal; also true when the field is missing." },
  { name: ":", form: 'name : ("*.sh", "a?c")', about: "Like, ignoring case; `*` is any text, `?` one character." },
  { name: "like", form: 'name like "*.sh"', about: "Wildcards with the same case; `like~` ignores case." },
  { name: "regex", form: 'name regex "[a-z]+\\.sh"', about: "A regular expression for the whole value; `regex~` ignores case." },
  { name: "in", form: 'name in ("a", "b")', about: "Equal to one of a list; `in~` ignores case, `not in` is neither." },
  { name: "?", form: "?user.id", about: "An optional field: null, not an error, where the mapping does not know it." },
  { name: "null", form: "user.id != null", about: "Whether the field is there." },
];

/** What may be completed as a word. */
export const WORDS = ["and", "or", "not", "in", "in~", "not in", "like", "like~", "regex", "regex~", "true", "false", "null"];

/** Event categories of the Elastic Common Schema that rules use. */
export const CATEGORIES = [
  "any", "process", "file", "network", "authentication", "configuration", "database", "dns", "driver", "host", "iam",
  "intrusion_detection", "library", "malware", "package", "registry", "session", "web",
];
