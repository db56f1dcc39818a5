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
  /** Bytes of one rule, and of a rule file other than an export. */
  max_rule_bytes: number;
  /** Bytes of one export of rules. */
  max_export_bytes: number;
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
  /** Normaliser files of one rule set. */
  max_normalisers: number;
  /** Ways to find fields in one normaliser file. */
  max_normaliser_fields: number;
  /** Bytes of text that a normaliser may make of one event. */
  max_derived_bytes: number;
  /** Combinations of values that one condition over several multi-valued fields may try on one event. */
  max_combinations: number;
  /** Stages of one sequence: its terms, each as often as its `runs`; and terms of one sample. */
  max_sequence_stages: number;
  /** Join keys that one sequence or sample keeps state for; beyond it the key not renewed for longest is dropped. */
  max_join_keys: number;
  /** Partial matches that one sequence keeps, and events that one sample keeps; beyond it the oldest is dropped. */
  max_partial_matches: number;
  /** Groups that one `threshold` rule counts, and suppressions that one rule has under way; beyond it the oldest goes. */
  max_groups: number;
  /** Different values that one group of a `threshold` rule tells apart for its `cardinality`. */
  max_group_values: number;
  /** Combinations of values that one `new_terms` rule remembers; beyond it the one not seen for longest is forgotten. */
  max_new_terms: number;
  /** Runs of rules for which alerts are counted for `max_signals` as they come; beyond it the earliest is forgotten. */
  max_signal_runs: number;
  /** Indicators that one rule set loads for `threat_match`; the rest are left out and told. */
  max_indicators: number;
  /** Bytes of one file of indicators. */
  max_indicator_bytes: number;
  /** Bytes of state of all rules over several events of a session; beyond it the oldest state is dropped. */
  max_state_bytes: number;
  /** Bytes of events held back until their order is known; beyond it the earliest are put in order at once. */
  max_held_bytes: number;
  /** Rejected events described per batch; all are counted. */
  max_rejections: number;
  /** Results that one search may hold back for its answer. */
  max_search_size: number;
  /** Events of one explanation; the rest are counted. */
  max_explained_events: number;
  /** Nodes of one explanation, over all events; events after them are counted. */
  max_explained_nodes: number;
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
  /**
   * Files of indicators for `threat_match` rules: NDJSON (ECS documents with `threat.indicator.*`, or search hits of
   * them), or CSV whose header names the fields.
   */
  indicators?: Source[];
  /**
   * Normaliser files: records of the sources that they know are taken for the events that they stand for. They are asked in
   * this order; of two with one name the first is taken.
   */
  normalisers?: Source[];
  /** The name of the one that is used for every event that is not one of the Elastic Common Schema. */
  normaliser?: string;
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
   * Milliseconds of event time, from the first event, during which the combinations of values of `new_terms` rules are
   * learned without alerts. Default 0.
   */
  learning_ms?: number;
  /** Whether a rule gives no more alerts in one run than its `max_signals` says. Default true. */
  max_signals?: boolean;
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
   * NDJSON: alert documents, in the order in which they were decided; empty unless asked for. One for an event query;
   * for a sequence or sample one for each event (a building block), then one for all of them. Matches that are
   * suppressed or held back have none, and a suppression that is over gives its alert again, with the same id.
   */
  alerts: string;
  /** Alerts over `max_signals` that were held back, by rule and run; absent when there are none. */
  held_back?: HeldBack[];
  /**
   * How what waits for its place in time is doing: sequences, samples, and what `detections` counts; absent when the
   * rule set has none of them.
   */
  sequences?: SequenceStatus;
  /** How the rules do that count, remember, suppress or look up indicators; absent when the rule set has none. */
  detections?: DetectionStatus;
}

/** Alerts of one run of a rule that were over its `max_signals`. */
export interface HeldBack {
  /** Index of the rule among those that compiled. */
  rule: number;
  /** The tick of the run, in milliseconds since 1970: a multiple of the rule's interval. */
  run: number;
  /** How many of its alerts were held back during the call. */
  count: number;
}

/**
 * The state of a session's rules that count (`threshold`), remember (`new_terms`), suppress (`alert_suppression`) or look
 * up indicators (`threat_match`) after a call, and what was counted during it.
 */
export interface DetectionStatus {
  /** Groups of thresholds that have events which count. */
  groups: number;
  /** Combinations of values that are remembered. */
  terms: number;
  /** Suppressions under way. */
  suppressions: number;
  /** Indicators that are loaded, counted for each rule. */
  indicators: number;
  /** New combinations learned without an alert, because learning goes on. */
  learned: number;
  /** Alerts that became part of another. */
  suppressed: number;
  /** Groups dropped to make room. */
  evicted_groups: number;
  /** Combinations forgotten to make room. */
  evicted_terms: number;
  /** Suppressions ended before their time to make room. */
  evicted_suppressions: number;
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

/** How to explain a rule. The defaults are those under which the rule runs. */
export interface ExplainOptions {
  /**
   * The field that says when, as a search has it: it holds dates. By default what the rule names, else `@timestamp`.
   */
  timestamp_field?: string;
  /** The field that `process where …` tests. By default what the rule names, else `event.category`. */
  event_category_field?: string;
  /** An Elasticsearch mapping. */
  mapping?: object;
  /** What this deployment changes of the rule. */
  overrides?: Source;
  /** Value lists that exceptions mention. */
  value_lists?: Source[];
  /** Files of indicators. */
  indicators?: Source[];
  /** Normaliser files; see {@link CompileOptions.normalisers}. */
  normalisers?: Source[];
  /** The one that is used; see {@link CompileOptions.normaliser}. */
  normaliser?: string;
  /** Files whose exception items count too, beside those of the rule's own file. */
  exceptions?: Source[];
  /** The data stream of events that do not say theirs. */
  index?: string;
  /** Milliseconds of event time, from the first event, during which new terms are learned without alerts. */
  learning_ms?: number;
  /** The ordinals of the events to explain, by default all. The others count, but are not explained. */
  only?: number[];
  /** Bounds. */
  limits?: Partial<Limits>;
}

/** Why a rule matches events or does not. */
export interface Explanation {
  /** The rule file, as given in {@link Source.path}. */
  path: string;
  /** `rule_id`; for a bare query the hash of its text. */
  id: string;
  /** The rule's name. */
  name: string;
  /** The kind of its query. */
  query: "event" | "sequence" | "sample";
  /** Where the query stands in the file. */
  span: Span;
  /** The `maxspan` of a sequence in milliseconds. */
  maxspan?: number;
  /** The filters that events are held against, in the order of the query. An event query has one. */
  terms: Term[];
  /** The events, in the order given; no more than the limits allow. */
  events: ExplainedEvent[];
  /** Events left out because of {@link Limits.max_explained_events} or {@link Limits.max_explained_nodes}. */
  omitted: number;
  /** What the rule's author should look at, such as the name of a field that looks misspelt. */
  warnings?: Diagnostic[];
  /** What a sequence or sample made of the events, key by key; absent for an event query. */
  sequence?: SequenceTrace;
  /** Why the rule does not run, though it is explained as if it did: it is disabled, for example. */
  skipped?: string;
  /** What it takes beside a match to make an alert, in a sentence; absent where every match is one. */
  alerts_when?: string;
}

/** What a sequence or sample made of all events given, put in order as one data set. */
export interface SequenceTrace {
  /** Its matches, as {@link Session.finish} would tell them. */
  matches: Match[];
  /** What happened to partial matches, in the order of events. */
  steps: Step[];
  /** Steps left out because of {@link Limits.max_explained_nodes}. */
  omitted: number;
  /** Partial matches that are still open after the last event, and what they wait for. */
  pending: Pending[];
  /** Events that a term matched but that have no timestamp. */
  undated: number;
}

/** One thing that happened to one partial match. */
export interface Step {
  /** Ordinal of the event that caused it; absent when time did. */
  event?: number;
  /** Values of the join key. */
  key: JoinKey[];
  /** What happened. */
  what:
    | "started"
    | "advanced"
    | "waiting"
    | "completed"
    | "replaced"
    | "expired"
    | "until"
    | "missing_before"
    | "missing_between"
    | "missing_after"
    | "evicted";
  /** How many positive events the partial match had. */
  stage: number;
  /** Ordinals of the events that it had. */
  events: number[];
}

/** A partial match, and what it waits for. */
export interface Pending {
  /** Values of the join key. */
  key: JoinKey[];
  /** How many positive events it has. When it has all, it waits for `until` to pass without an event that must be missing. */
  stage: number;
  /** Ordinals of its events; of a sample the latest event of each term that has one. */
  events: number[];
  /** Event time, in milliseconds since 1970, until which it can go on; absent when it is for ever. */
  until?: number;
  /** Of a sample, the terms that have no event yet, counted from 0. */
  lacks?: number[];
}

/** One filter of a query: `process where …`, with brackets in sequences and samples. */
export interface Term {
  /**
   * What it is for: the whole `event` query, a `term` of a sequence or sample, an event that must be `missing` (`![…]`), or
   * the one after `until`.
   */
  role: "event" | "term" | "missing" | "until";
  /** Its source, as in {@link ExplainedNode.text}. */
  text: string;
  /** Where it stands in the file. */
  span: Span;
  /** How many events in a row it stands for: `with runs=3`. 1 without. */
  runs: number;
  /** Its join keys: those of the whole query, then its own. */
  keys?: TermKey[];
}

/** A join key of a term. */
export interface TermKey {
  /** The field. */
  field: string;
  /** Where it stands in the file. */
  span: Span;
  /** Written with `?`: an event without it has the key null. Without, such an event is none for the term. */
  optional: boolean;
}

/** One event, held against every term. */
export interface ExplainedEvent {
  /** Its ordinal, counted from 0 over the lines given. */
  event: number;
  /** When, as the event has it. */
  timestamp?: string;
  /** Why it could not be read; there are no `terms` then. */
  rejected?: Rejection;
  /** The terms in the order of {@link Explanation.terms}. */
  terms: Verdict[];
  /** What stands between the event and an alert, in the order in which it is asked; absent for a rule that has only its query. */
  gates?: Gate[];
}

/** One of the conditions that an event has to pass to become an alert. */
export interface Gate {
  /** Which. Those after the exceptions are asked of events that passed all before. */
  gate: "index" | "query" | "filters" | "exceptions" | "threshold" | "new_terms" | "indicators" | "suppression" | "max_signals";
  /** Whether it lets the event through. */
  passes: boolean;
  /** Why, in a sentence without a full stop. */
  reason: string;
  /** The filter or exception that decides; of exceptions none of which holds, the one that is nearest to it. */
  name?: string;
  /** That filter or exception, node by node. Its nodes have no places: it is not written in the query. */
  tree?: ExplainedNode;
}

/** What a term says of an event, and why. */
export interface Verdict {
  /**
   * Whether the event is one for the term: the filter holds and no join key is missing. For an event query this is whether
   * the rule matches.
   */
  matched: boolean;
  /** One sentence that names the smallest set of nodes that decides. */
  reason: string;
  /**
   * The fewest tests that would have to come out differently for the filter to hold; 0 when it holds, `null` when it cannot
   * hold for any event.
   */
  distance: number | null;
  /** The event's join keys, in the order of {@link Term.keys}. */
  keys?: FoundValues[];
  /** The filter, node by node. */
  tree: ExplainedNode;
}

/**
 * What a node is, which tells how its truth follows from its children's.
 *
 * - `filter`: a term's filter, the root: category and condition must both hold.
 * - `category`: the category before `where`. `any` has no such node.
 * - `and`, `or`, `not`: all, one, none of the children must hold. `f(x) == true` is an `and` of one, `f(x) == false` a `not`.
 * - `test`: a question to the event's fields. Its children are values.
 * - `constant`: a condition that reads no field.
 * - `value`: not a condition but a part of a test, with its value for this event.
 */
export type NodeKind = "filter" | "category" | "and" | "or" | "not" | "test" | "constant" | "value";

/**
 * An expression of the rule over one event.
 *
 * A condition has one of four states, which `truth` and `counts_as` tell together:
 *
 * | `truth` | `counts_as` | |
 * |---|---|---|
 * | `true`, `false` | | what the engine finds |
 * | `null` | `true`, `false` | null in three-valued logic, because a field is missing or a value cannot be computed; the engine, which has two values, counts it as this |
 * | `null` | | undecided: it would take more combinations of values than {@link Limits.max_combinations} |
 */
export interface ExplainedNode {
  /** What it is. */
  kind: NodeKind;
  /** Its source on one line: comments are left out, white space is one space. Cut after 500 characters. */
  text: string;
  /** Where it stands in the file. */
  span: Span;
  /** Whether it holds; see above. `null` for a `value`. */
  truth: boolean | null;
  /** What a truth of `null` counts as; see above. */
  counts_as?: boolean;
  /** Whether it belongs to the smallest set of nodes that decides the root's truth. So do the nodes above it. */
  decides?: true;
  /** The fields that a test reads, with what the event has there. */
  fields?: FoundValues[];
  /**
   * The value of a `value`, for the first combination of the fields' values that makes the test true, else for the first of
   * all. Absent elsewhere.
   */
  value?: string | number | boolean | null;
  /** What helps to understand the outcome, a sentence each without a full stop. */
  notes?: string[];
  /** Its parts. */
  children?: ExplainedNode[];
}

/** A field and the values that an event has for it. */
export interface FoundValues {
  /** The field, as the rule names it. */
  field: string;
  /**
   * Its values in document order, at most 20 of them, with at least one that passes if there is one; none when the event
   * lacks the field. Strings are cut after 500 characters. A number that is not exact as a double is a string of its digits.
   */
  values: (string | number | boolean)[];
  /**
   * Which of `values` pass the test, by index. For `!=` and `not in` these are the values that are equal, or in the list.
   */
  passing?: number[];
  /** How many values there are when `values` does not have them all. */
  total?: number;
}
