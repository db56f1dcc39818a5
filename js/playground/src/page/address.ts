import { EXAMPLES, FIRST, type Example } from "../examples/index.js";
import { MAX_FRAGMENT, MAX_PACKED, pack, unpack, type Shared } from "../share.js";
import { copy, size, toast } from "../view/dom.js";

/** What the address stands for. */
export interface State extends Shared {
  /** The id of the example that this is, unchanged. */
  example: string | null;
}

/** Keeps the state in the address: an example by its name, anything else packed whole, so that a link carries it. */
export class Address {
  readonly #state: () => State;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(state: () => State) {
    this.#state = state;
  }

  /** Writes the state into the address once the typing pauses. */
  rememberSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.remember(), 500);
  }

  /** Writes the state into the address. */
  async remember(): Promise<void> {
    clearTimeout(this.#timer);
    const fragment = await fragmentOf(this.#state());
    // A stale fragment would show something else after a reload; none at all shows the first example.
    history.replaceState(null, "", fragment ?? bare());
  }

  /** Makes an example a step of its own, so that Back returns to what was there before. */
  async step(example: Example): Promise<void> {
    await this.remember();
    history.pushState(null, "", `#example=${example.id}`);
  }

  /** Copies a link to the state, or to as much of it as fits. */
  async share(): Promise<void> {
    clearTimeout(this.#timer);
    const state = this.#state();
    const fragment = await fragmentOf(state);
    if (fragment !== null) {
      history.replaceState(null, "", fragment);
      await copy(link(fragment), "Link copied. It holds the rule and the events.");
      return;
    }
    const alone = await fragmentOf({ ...state, events: "" });
    if (alone !== null) {
      const large = `The events (${size(state.events.length)}) are too large for a link`;
      await copy(link(alone), `${large}. Copied a link with the rule only.`);
    } else {
      toast(`The rule is too large for a link: packed it must not exceed ${size(MAX_FRAGMENT)}.`, 6000);
    }
  }
}

/** The state that the address stands for; the first example when it stands for nothing. */
export async function restore(): Promise<{ shared: Shared; example: Example | null }> {
  const name = /^#example=([\w-]+)$/.exec(location.hash)?.[1];
  const known = EXAMPLES.find(({ id }) => id === name);
  if (known) return { shared: known, example: known };
  try {
    const shared = await unpack(location.hash);
    if (shared) return { shared, example: null };
    if (location.hash.length > 1) toast("This version knows nothing by the name in the link. Here is an example instead.", 6000);
  } catch {
    toast("The link is damaged; it may have been cut off on its way. Here is an example instead.", 6000);
  }
  return { shared: FIRST, example: FIRST };
}

/** The fragment for a state, or null when it would be too long. */
async function fragmentOf({ example, rule, events }: State): Promise<string | null> {
  if (example !== null) return `#example=${example}`;
  if (rule.length + events.length > MAX_PACKED) return null;
  const fragment = await pack({ rule, events });
  return fragment.length <= MAX_FRAGMENT ? fragment : null;
}

function bare(): string {
  return location.pathname + location.search;
}

function link(fragment: string): string {
  return location.origin + bare() + fragment;
}
