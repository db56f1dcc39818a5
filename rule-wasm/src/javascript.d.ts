/** A rule set, a session or a search, until it is released. Never 0. */
export type Handle = number;

/** A rule file: where it came from and its text. */
export interface Source {
  /** Shown in diagnostics; the format is recognised by content, not by this name. */
  path: string;
  /** The file's text. */
  text: string;
}

/** Every bound that keeps a stranger's rule or event from taking more than its share. */
export interface Limits {
  /** Rules in one rule set. */
  max_rules: number;
  /** Bytes of one rule file. */
  max_rule_bytes: number;
  /** Nesting of one query: parentheses, `not`, function calls, lists. */
  max_query_depth: number;
  /** Bytes of one wildcard or regular expression. */
  max_pattern_bytes: number;
  /** Bytes of one compiled regular expression (its automaton). */
  max_regex_bytes: number;
  /** Diagnostics reported for one rule file; the rest are counted. */
  max_diagnostics: number;
  /** Bytes of one event. */
  max_event_bytes: number;
  /** Nesting of objects and arrays in one event. */
  max_event_depth: number;
  /** Values that one event may bring for the fields that the rules read. */
  max_event_values: number;
  /** Combinations of values that one condition over several multi-valued fields may try on one event. */
  max_combinations: number;
  /** Stages of one sequence: its terms, each as often as its `runs`; and terms of one sample. */
  max_sequence_stages: number;
  /** Join keys that one sequence or sample keeps state for; beyond it the key not renewed for longest is dropped. */
  max_join_keys: number;
  /** Partial matches that one sequence keeps, and events that one sample keeps; beyond it the oldest is dropped. */
  max_partial_matches: number;
  /** Bytes of state of all sequences and samples of a session; beyond it the oldest state is dropped. */
  max_state_bytes: number;
  /** Bytes of events held back until their order is known; beyond it the earliest are put in order at once. */
  max_held_bytes: number;
  /** Rejected events described per batch; all are counted. */
  max_rejections: number;
  /** Results that one search may hold back for its answer. */
  max_search_size: number;
}

/** What the module says of itself. */
export interface About {
  /** The module's version. */
  version: string;
  /** The limits that hold unless options say otherwise. */
  limits: Limits;
}

/** How to compile a rule set. */
export interface CompileOptions {
  /** Bounds; those left out have their defaults. */
  limits?: Partial<Limits>;
  /**
   * An Elasticsearch mapping (`{"properties": …}`). With one, a field outside it is an error; without one, types come
   * from the values and from the Elastic Common Schema.
   */
  mapping?: object;
}

/** How to run a rule set over events. */
export interface SessionOptions {
  /** Also build an alert document for each match ({@link Outcome.alerts}). */
  alerts?: boolean;
  /** Put the investigation guide into alerts. */
  notes?: boolean;
  /**
   * Milliseconds by which an event may arrive later than one that happened after it, and still take its place in a
   * sequence. `null`: any; sequences then match when the session is flushed or finished. Default 10 seconds.
   */
  lateness_ms?: number | null;
  /**
   * A secret number, whole and below 2^53, that keeps strangers from choosing join keys that collide. No result depends
   * on it.
   */
  hash_seed?: number;
}

/** A half-open range of **byte** offsets into the UTF-8 text of one rule file. See `ByteOffsets`. */
export interface Span {
  /** First byte. */
  start: number;
  /** One past the last byte. */
  end: number;
}

/** `error`: the rule cannot run. `warning`: it runs, or is skipped for a reason that is not its author's fault. */
export type Level = "error" | "warning";

/** A place in the rule file and what is to be said about it. */
export interface Label {
  /** Where. */
  span: Span;
  /** What; may be empty for the first label, whose message is the diagnostic's. */
  message: string;
}

/** A replacement that would mend the rule. */
export interface Suggestion {
  /** The bytes to replace. */
  span: Span;
  /** What to put there. */
  replacement: string;
  /** The suggestion in words. */
  message: string;
}

/** One thing wrong with one rule. */
export interface Diagnostic {
  /** How bad. */
  level: Level;
  /** A stable name that documentation links to, such as `similar-field`. */
  code: string;
  /** One sentence, lower case, no full stop. */
  message: string;
  /** The rule file's path, as given in {@link Source.path}. */
  path: string;
  /** The rule's name, where it is known. */
  rule?: string;
  /** 1-based line of the first label, 0 when there is none. */
  line: number;
  /** 1-based column of the first label in characters, 0 when there is none. */
  column: number;
  /** The first label is the primary one. */
  labels: Label[];
  /** What to do next, a sentence each. */
  help?: string[];
  /** A mend that a tool may apply. */
  suggestion?: Suggestion;
}

/** An ATT&CK id with its name and page. */
export interface ThreatEntry {
  /** `TA0002`, `T1059.004`. */
  id: string;
  /** `Execution`. */
  name: string;
  /** Its page. */
  reference: string;
}

/** One ATT&CK technique. */
export interface Technique extends ThreatEntry {
  /** The parts of it that the rule is about. */
  subtechnique?: ThreatEntry[];
}

/** One ATT&CK tactic and its techniques. */
export interface Threat {
  /** `MITRE ATT&CK`. */
  framework: string;
  /** The tactic. */
  tactic: ThreatEntry;
  /** Its techniques. */
  technique?: Technique[];
}

/** What a rule file says of its rule, in the terms of Elastic's detection rules. */
export interface RuleInfo {
  /** `rule_id`; for a bare query the hash of its text. */
  id: string;
  /** Shown to people. */
  name: string;
  /** `eql`, `query`, `threshold`, … */
  type: string;
  /** `eql`, `kuery`, … */
  language: string;
  /** The query's text. */
  query: string;
  /** What the rule detects. */
  description: string;
  /** `low`, `medium`, `high` or `critical`. */
  severity: string;
  /** 0 to 100. */
  risk_score: number;
  /** Free labels. */
  tags: string[];
  /** ATT&CK mapping. */
  threat: Threat[];
  /** Index patterns of the events that the rule is meant for. */
  index: string[];
  /** The rule's version, where the file gives one. */
  version: number | null;
  /** Links. */
  references: string[];
  /** How often Elastic runs it, like `5m`. */
  interval: string | null;
  /** How far back a run looks, like `now-9m`; for a sample rule also how far apart its events may be. */
  from: string | null;
  /** Most alerts of one run. */
  max_signals: number | null;
  /** Who wrote it. */
  author: string[];
  /** The licence of the rule's text. */
  license: string | null;
  /** The investigation guide. */
  note: string | null;
  /** The field that `process where …` tests, if not `event.category`. */
  event_category_override: string | null;
  /** The field that Elastic orders its search by, if not `@timestamp`. */
  timestamp_override: string | null;
  /** The field that orders the events of a sequence, if not `@timestamp`. */
  timestamp_field?: string;
  /** Orders the events of a sequence that have the same timestamp. */
  tiebreaker_field?: string;
  /** Not shown as an alert by itself. */
  building_block: boolean;
}

/** What became of one rule: compiled (with its index in {@link Match.rule}), skipped for a reason, or failed. */
export type RuleStatus = { compiled: { index: number } } | { skipped: { reason: string } } | "failed";

/** One rule of the input and what became of it. */
export interface RuleReport {
  /** The rule file. */
  path: string;
  /** What happened. */
  status: RuleStatus;
  /** What the file says of the rule. */
  rule: RuleInfo;
}

/** The result of compiling, beside the rule set itself. */
export interface CompileReport {
  /** Every rule found, in input order. */
  rules: RuleReport[];
  /** Everything wrong, in input order. */
  diagnostics: Diagnostic[];
  /** Diagnostics left out because of {@link Limits.max_diagnostics}. */
  diagnostics_omitted: number;
}

/** A rule set and the report on every rule that was found. */
export interface Compiled {
  /** The rule set. */
  rules: Handle;
  /** The report. */
  report: CompileReport;
}

/** A value of a join key. An integer beyond 2^53 is rounded, as `JSON.parse` rounds it. */
export type JoinKey = string | number | boolean | null;

/** A rule matched. */
export interface Match {
  /** Index of the rule among those that compiled. */
  rule: number;
  /**
   * Ordinals of the events that matched, counted from 0 since the session was opened. One for an event query; for a
   * sequence or sample one for each term, missing events left out.
   */
  events: number[];
  /** Values of the join keys, in the order of `by`; of a sequence or sample that has some. */
  join_keys?: JoinKey[];
}

/** An event that could not be evaluated. */
export interface Rejection {
  /** Its ordinal, counted from 0 since the session was opened. */
  event: number;
  /** Byte offset in the event's own bytes where it went wrong. */
  offset: number;
  /** What went wrong. */
  message: string;
}

/** What one batch of events led to. */
export interface Outcome {
  /** Ordinal of the batch's first event. */
  first: number;
  /** Events in the batch, rejected ones included. Blank lines are not events. */
  events: number;
  /** Matches, in the order in which they were decided; those of one event by rule. */
  matches: Match[];
  /** How many events were rejected. */
  rejected: number;
  /** The first of them, at most {@link Limits.max_rejections}. */
  rejections: Rejection[];
  /**
   * NDJSON: alert documents, in the order of `matches`; empty unless asked for. One for an event query; for a sequence
   * or sample one for each event (a building block), then one for all of them.
   */
  alerts: string;
  /** How the sequences and samples are doing; absent when the rule set has none. */
  sequences?: SequenceStatus;
}

/** The state of a session's sequences and samples after a call, and what was counted during it. */
export interface SequenceStatus {
  /** Events held back until their order is known. */
  held: number;
  /** Bytes that these take, of {@link Limits.max_held_bytes}. */
  held_bytes: number;
  /** Join keys with state. */
  join_keys: number;
  /** Partial matches. */
  partial_matches: number;
  /** Bytes of state, of {@link Limits.max_state_bytes}. */
  state_bytes: number;
  /** Event time, in milliseconds since 1970, before which everything is in order; none before the first event. */
  watermark?: number;
  /** Events that a term matched but that came too late for their place. */
  late: number;
  /** Events that a term matched but that have no timestamp. */
  undated: number;
  /** Events put in order before their time, because too much was held. */
  hurried: number;
  /** Join keys dropped to make room. */
  evicted_keys: number;
  /** Partial matches dropped to make room. */
  evicted_partials: number;
}

/**
 * What moves a session's event time on without an event. `idle`: nothing has come for so many milliseconds. `ceiling`: it
 * is not later than this, in milliseconds since 1970. `flush`: what is held back is in order. `finish`: no more events come.
 */
export type Advance = { idle: number } | { ceiling: number } | "flush" | "finish";

/** What became of the state in a snapshot. */
export interface Restored {
  /** Sequences and samples whose state was taken over. */
  rules: number;
  /** Those in the snapshot that the rule set does not have, or not in the same form. */
  dropped: number;
}

/** How to run one query over a finite data set, after Elasticsearch's EQL search API. */
export interface SearchOptions {
  /** The field that orders events. Default `@timestamp`. */
  timestamp_field?: string;
  /** Orders events with equal timestamps; events without it sort last. */
  tiebreaker_field?: string;
  /** The field that `process where …` tests. Default `event.category`. */
  event_category_field?: string;
  /** How many results when the query has no `head` or `tail`. Default 10. */
  size?: number;
  /** Which end of the results `size` keeps. Default `tail`: the most recent. */
  result_position?: "head" | "tail";
  /** How many samples one key may give. Default 1. */
  max_samples_per_key?: number;
  /** An Elasticsearch mapping; see {@link CompileOptions.mapping}. */
  mapping?: object;
  /** Bounds. */
  limits?: Partial<Limits>;
}

/** What became of a batch given to a search. */
export interface SearchProgress {
  /** Events in the batch, rejected ones included. */
  events: number;
  /** How many events were rejected. */
  rejected: number;
  /** The first of them; `event` counts from 0 since the search was opened. */
  rejections: Rejection[];
  /**
   * Events of a sequence that were left out: they have no timestamp, or came after events had to be put in order because
   * too many were held ({@link Limits.max_held_bytes}).
   */
  left_out: number;
  /** Partial matches and join keys dropped to make room. */
  evicted: number;
}

/** One event of a search's answer. */
export interface SearchHit {
  /** The data set that the event came from. */
  _index: string;
  /** The event's line number in it. */
  _id: string;
  /** The event. */
  _source: Record<string, unknown>;
  /** Set where a sequence's `![…]` found, as it should, no event. */
  missing?: true;
}

/** The body that Elasticsearch's EQL search API would answer. */
export interface SearchResponse {
  /** The results: `events` for event queries, `sequences` for sequences and samples. */
  hits: {
    /** How many. */
    total?: { value: number; relation: string };
    /** Matching events. */
    events?: SearchHit[];
    /** Matching sequences or samples. */
    sequences?: { join_keys?: JoinKey[]; events: SearchHit[] }[];
  };
  /** Whatever else Elasticsearch's answer has. */
  [key: string]: unknown;
}
