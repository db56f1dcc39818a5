// What the generated glue offers; the build copies the glue itself from `target/module`.
// The functions mirror `rule-wasm/wit/tripline.wit`. Results are typed in `../types.ts`.
import type { About, CompileReport, Outcome, SearchProgress, Source } from "../types.js";

export default function init(options: { module_or_path: BufferSource | WebAssembly.Module }): Promise<unknown>;
export function about(): About;
export function compile(sources: readonly Source[], options?: unknown): { rules: number; report: CompileReport };
export function open(rules: number, options?: unknown): number;
export function evaluate(session: number, lines: Uint8Array): Outcome;
export function openSearch(query: Source, options?: unknown): number;
export function searchAdd(search: number, index: string, firstId: number, lines: Uint8Array): SearchProgress;
export function searchFinish(search: number): string;
export function format(text: string): string;
export function release(handle: number): void;
