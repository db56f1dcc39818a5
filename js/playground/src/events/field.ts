/** A JSON object. */
export type Json = Record<string, unknown>;

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The event itself: of a search hit its `_source`, as the engine has it. */
export function content(event: unknown): unknown {
  return isObject(event) && isObject(event["_source"]) ? event["_source"] : event;
}

/**
 * All values of a field, written nested, with dots, or in a mixture; arrays are flattened, as the engine does.
 */
export function values(event: unknown, path: string): unknown[] {
  const found: unknown[] = [];
  gather(event, path, found);
  return found;
}

function gather(value: unknown, path: string, found: unknown[]): void {
  if (Array.isArray(value)) {
    for (const item of value) gather(item, path, found);
    return;
  }
  if (path === "") {
    if (value !== null && value !== undefined && !isObject(value)) found.push(value);
    return;
  }
  if (!isObject(value)) return;
  for (let end = path.length; end > 0; end = path.lastIndexOf(".", end - 1)) {
    const key = path.slice(0, end);
    if (Object.hasOwn(value, key)) gather(value[key], path.slice(end + 1), found);
  }
}

/** The first value of the first field that has one, as text. */
export function first(event: unknown, ...paths: string[]): string {
  for (const path of paths) {
    const [value] = values(event, path);
    if (value !== undefined && value !== "") return String(value);
  }
  return "";
}
