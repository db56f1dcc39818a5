/** A rule set, a session or a search, until it is released. Never 0. */
export type Handle = number;

/** A rule file; its format is recognised by content. */
export interface Source {
    path: string;
    text: string;
}

/** `rule_core::Limits`; what is left out keeps its default. */
export type Limits = Record<string, number>;

export interface CompileOptions {
    limits?: Partial<Limits>;
    /** An Elasticsearch mapping: `{ "properties": … }`. */
    mapping?: unknown;
}

export interface SessionOptions {
    /** Also build an alert document for each match. */
    alerts?: boolean;
    /** Put the investigation guide into alerts. */
    notes?: boolean;
}

export interface SearchOptions {
    timestamp_field?: string;
    tiebreaker_field?: string;
    event_category_field?: string;
    size?: number;
    result_position?: "head" | "tail";
    mapping?: unknown;
    limits?: Partial<Limits>;
}

export interface About {
    version: string;
    limits: Limits;
}

/** A half-open range of byte offsets (UTF-8) into the text of one rule file. */
export interface Span {
    start: number;
    end: number;
}

export interface Label {
    span: Span;
    message: string;
}

export interface Suggestion {
    span: Span;
    replacement: string;
    message: string;
}

export interface Diagnostic {
    level: "error" | "warning";
    code: string;
    message: string;
    path: string;
    rule?: string;
    line: number;
    column: number;
    labels: Label[];
    help?: string[];
    suggestion?: Suggestion;
}

export interface ThreatEntry {
    id: string;
    name: string;
    reference: string;
}

export interface Technique extends ThreatEntry {
    subtechnique?: ThreatEntry[];
}

export interface Threat {
    framework: string;
    tactic: ThreatEntry;
    technique?: Technique[];
}

export interface RuleInfo {
    id: string;
    name: string;
    type: string;
    language: string;
    query: string;
    description: string;
    severity: string;
    risk_score: number;
    tags: string[];
    threat: Threat[];
    index: string[];
    version: number | null;
    references: string[];
    interval: string | null;
    from: string | null;
    max_signals: number | null;
    author: string[];
    license: string | null;
    note: string | null;
    event_category_override: string | null;
    timestamp_override: string | null;
    building_block: boolean;
}

export type RuleStatus = { compiled: { index: number } } | { skipped: { reason: string } } | "failed";

export interface RuleReport {
    path: string;
    status: RuleStatus;
    rule: RuleInfo;
}

export interface CompileReport {
    rules: RuleReport[];
    diagnostics: Diagnostic[];
    diagnostics_omitted: number;
}

export interface Compiled {
    rules: Handle;
    report: CompileReport;
}

export interface Match {
    /** Index of the rule among those that compiled. */
    rule: number;
    /** Ordinals of the events, counted from 0 since the session was opened. */
    events: number[];
}

export interface Rejection {
    event: number;
    /** Byte offset in the event. */
    offset: number;
    message: string;
}

/** What one batch led to. */
export interface Outcome {
    first: number;
    events: number;
    matches: Match[];
    rejected: number;
    rejections: Rejection[];
    /** NDJSON, one alert per match, when the session was opened with `alerts`. */
    alerts: string;
}

export interface SearchProgress {
    events: number;
    rejected: number;
    rejections: Rejection[];
}

export interface ExplainOptions {
    timestamp_field?: string;
    event_category_field?: string;
    mapping?: unknown;
    limits?: Partial<Limits>;
}

/** `rule_core::Explanation`. */
export interface Explanation {
    path: string;
    id: string;
    name: string;
    query: "event" | "sequence" | "sample";
    span: Span;
    maxspan?: number;
    terms: Term[];
    events: ExplainedEvent[];
    omitted: number;
    warnings?: Diagnostic[];
}

export interface Term {
    role: "event" | "term" | "missing" | "until";
    text: string;
    span: Span;
    runs: number;
    keys?: { field: string; span: Span; optional: boolean }[];
}

export interface ExplainedEvent {
    event: number;
    timestamp?: string;
    rejected?: Rejection;
    terms: Verdict[];
}

export interface Verdict {
    matched: boolean;
    reason: string;
    distance: number | null;
    keys?: FoundValues[];
    tree: ExplainedNode;
}

export interface ExplainedNode {
    kind: "filter" | "category" | "and" | "or" | "not" | "test" | "constant" | "value";
    text: string;
    span: Span;
    truth: boolean | null;
    counts_as?: boolean;
    decides?: true;
    fields?: FoundValues[];
    value?: string | number | boolean | null;
    notes?: string[];
    children?: ExplainedNode[];
}

export interface FoundValues {
    field: string;
    values: (string | number | boolean)[];
    passing?: number[];
    total?: number;
}
