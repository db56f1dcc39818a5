import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { onPage, paste, settled, text, type, waitForStatus } from "./page.js";

const lane = (page: Page, key: string) => page.locator(".tl-lane").filter({ has: page.locator(".tl-key", { hasText: key }) });
const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");

onPage(
  "each key of a sequence has a lane that tells what became of it",
  async (page) => {
    await page.click("#filters .timeline");
    await page.locator(".tl-lane").first().waitFor();
    assert.match(await page.locator(".tl-summary").innerText(), /^1 sequence in 5 keys of host.id, user.name, maxspan\s2m/);
    assert.deepEqual(await page.locator(".tl-key").allInnerTexts(), ["web-1 · ana", "db-1 · cyd", "web-1 · ben", "db-1 · ana", "web-2 · deploy"]);
    assert.deepEqual(await page.locator(".tl-label").allInnerTexts(), [
      "matches",
      "replaced by a later one",
      "waits for term 3 until 09:46:20",
      "an until event came",
      "maxspan has passed",
    ]);
    assert.deepEqual(await page.locator(".tl-legend .name").allInnerTexts(), ["term 1", "term 2", "term 3", "until"]);
    const [match] = await page.locator(".tl-bar").evaluateAll((bars) => bars.map((bar) => bar.getAttribute("aria-label")));
    assert.equal(match, "matches: the events in lines 2, 4, 8");
    assert.equal(
      await lane(page, "web-2 · deploy").locator(".tl-mark").getAttribute("aria-label"),
      "term 3, line 11, 09:31:10: curl › curl -fsS https://ci.example.com/agent; no part of a partial match",
    );
    // The gap is drawn shorter, and says so.
    assert.deepEqual((await page.locator(".tl-gap").allInnerTexts()).map((text) => text.replace(/^\W+/, "")), ["12m", "1.8m"]);
    await page.locator(".tl-legend button").nth(1).hover();
    await page.locator("#rule-editor .cm-lit").first().waitFor();
  },
  "#example=sequence",
);

onPage(
  "an event of the timeline is shown among the events, and opens",
  async (page) => {
    await page.click("#filters .timeline");
    const mark = lane(page, "web-1 · ana").locator(".tl-bar.matched .tl-mark").nth(2);
    await mark.click();
    const shown = page.locator("#events-editor .line-spotlight").first();
    await shown.waitFor();
    assert.match(await page.locator("#events-editor .line-spotlight").allInnerTexts().then((lines) => lines.join("")), /curl -o/);
    const detail = lane(page, "web-1 · ana").locator(".tl-detail");
    assert.match(await detail.innerText(), /Line 8/);
    assert.equal(await mark.getAttribute("aria-pressed"), "true");
    await detail.getByRole("button", { name: "Alert document" }).click();
    await detail.locator(".json", { hasText: "kibana.alert.group.id" }).waitFor();
    // A dropped event opens with the reason.
    await lane(page, "db-1 · ana").locator(".tl-mark").first().click();
    await page.locator(".tl-detail .why-reason").filter({ hasText: "Is an event for term 1; dropped: maxspan has passed." }).waitFor();
    assert.equal(await page.locator(".tl-detail").count(), 1);
    await lane(page, "db-1 · ana").locator(".tl-mark").first().click();
    assert.equal(await page.locator(".tl-detail").count(), 0);
  },
  "#example=sequence",
);

onPage(
  "the keyboard walks through the timeline",
  async (page) => {
    await page.locator("#filters .timeline").focus();
    await page.keyboard.press("Enter");
    await page.locator(".tl-mark").first().waitFor();
    await page.locator(".tl-legend button").last().focus();
    await page.keyboard.press("Tab");
    assert.match(await focused(page), /^term 1, line 2, 09:30:04/);
    await page.keyboard.press("ArrowRight");
    assert.match(await focused(page), /^term 2, line 4, /);
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(page), /^term 1, line 1, /);
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(page), /^term 1, line 13, /);
    await page.keyboard.press("End");
    assert.match(await focused(page), /^term 3, line 11, /);
    await page.keyboard.press("Enter");
    await page.locator(".tl-detail").waitFor();
    assert.match(await focused(page), /^term 3, line 11, /, "the focus stays");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Why", "the timeline is one stop, then comes what it opened");
  },
  "#example=sequence",
);

onPage(
  "the timeline follows the rule, and stays chosen over a slip",
  async (page) => {
    await page.click("#filters .timeline");
    await page.locator(".tl-lane").first().waitFor();
    const rule = await text(page, "rule");
    await type(page, "rule", rule.replace("maxspan=2m", "maxspan=1h"));
    await waitForStatus(page, "2 matches");
    await page.locator(".tl-summary", { hasText: "2 sequences" }).waitFor();
    assert.equal(await page.locator(".tl-bar.matched").count(), 2);
    await type(page, "rule", rule.replace("sequence by", "sequence bye"));
    await page.locator(".empty", { hasText: "The rule has an error" }).waitFor();
    assert.equal(await page.locator("#filters .timeline").count(), 0);
    await type(page, "rule", rule);
    await page.locator(".tl-summary", { hasText: "1 sequence" }).waitFor();
    await page.click("#filters .matched");
    await page.locator(".event.matched").waitFor();
    assert.equal(await page.locator(".tl-lane").count(), 0);
    await type(page, "rule", "any where true");
    assert.equal(await page.locator("#filters .timeline").count(), 0, "an event query has no timeline");
  },
  "#example=sequence",
);

onPage("many keys and crowded events stay within bounds", async (page) => {
  const event = (ms: number, host: number, outcome: string): string => JSON.stringify({ "@timestamp": 1_772_000_000_000 + ms, host, outcome });
  const events: string[] = [];
  for (let host = 0; host < 70; host += 1) {
    for (let at = 0; at < 12; at += 1) events.push(event(host * 60_000 + at * 50, host, "failure"));
    if (host % 2 === 0) events.push(event(host * 60_000 + 4000, host, "success"));
  }
  await type(page, "rule", 'sequence by host with maxspan=30s [any where outcome == "failure"] with runs=12 [any where outcome == "success"]');
  await paste(page, "events", events.join("\n"));
  await waitForStatus(page, "35 matches");
  await page.click("#filters .timeline");
  await page.locator(".tl-lane").first().waitFor();
  assert.equal(await page.locator(".tl-lane").count(), 50);
  assert.ok(await page.locator("#results").evaluate((pane) => pane.scrollWidth <= pane.clientWidth), "it fits");
  const pile = page.locator(".tl-lane").first().locator(".tl-bar.matched .tl-mark").first();
  assert.equal(await pile.locator(".tl-pile").innerText(), "12");
  assert.match((await pile.getAttribute("aria-label"))!, /^12 events for term 1 \(runs=12\), lines 1 to 12, /);
  await pile.click();
  await page.getByRole("button", { name: "The event after" }).click();
  assert.match(await page.locator(".tl-detail .detail-bar").innerText(), /2 of 12\s*Line 2/);
  await page.click(".tl-spread");
  assert.ok(await page.locator("#results").evaluate((pane) => pane.scrollWidth > pane.clientWidth), "it is wider on demand");
  assert.equal(await page.locator(".tl-lane").first().locator(".tl-bar.matched .tl-mark").count(), 13);
  await page.click(".tl-more >> text=20 more keys");
  assert.equal(await page.locator(".tl-lane").count(), 70);
  await page.locator(".tl-lane").first().getByRole("button", { name: "more in this key" }).click();
  assert.ok((await page.locator(".tl-lane").first().locator(".tl-bar").count()) > 6);
});

onPage("of a large set the timeline is of the first part, and says so", async (page) => {
  const pad = "x".repeat(900);
  const line = (at: number): string => `{"@timestamp":${1_772_000_000_000 + at * 1000},"host":${at % 7},"n":${at % 2},"pad":"${pad}"}\n`;
  const buffer = Buffer.from(Array.from({ length: 12_000 }, (_, at) => line(at)).join(""));
  await type(page, "rule", "sequence by host with maxspan=30s [any where n == 0] [any where n == 1]");
  await page.setInputFiles("#file", { name: "events.ndjson", mimeType: "application/x-ndjson", buffer });
  await waitForStatus(page, "in 12,000 events");
  await page.click("#filters .timeline");
  await page.locator(".tl-notes").waitFor();
  assert.match(await page.locator(".tl-notes").innerText(), /the first 8\.4 MB of 11 MB of events/);
  assert.ok((await page.locator(".tl-mark").count()) < 500);
  // Typing on makes it void; the next one is for the new rule.
  await type(page, "rule", "sequence by host with maxspan=30s [any where n == 0] [any where n == 1] until [any where n == 2]");
  await page.locator(".tl-legend .name", { hasText: "until" }).waitFor();
});

onPage("a sequence without events for a term says so", async (page) => {
  await type(page, "rule", 'sequence by host [any where a == "nothing"] [any where a == "else"]');
  await page.click("#filters .timeline");
  await page.locator(".empty", { hasText: "No event is one for any term" }).waitFor();
  await page.click(".empty .button");
  await page.locator(".event .reason", { hasText: "no event for any term" }).first().waitFor();
});

onPage(
  "a shared link brings the sequence, and its timeline is there",
  async (page, context) => {
    await page.locator("#rule-editor .cm-content").focus();
    await page.keyboard.press("Control+End");
    await page.keyboard.insertText("// shared");
    await settled(page);
    await page.click("#share");
    await page.locator("#toast.shown", { hasText: "Link copied" }).waitFor();
    const other = await context.newPage();
    await other.goto(await page.evaluate(() => navigator.clipboard.readText()));
    await settled(other);
    assert.equal(await text(other, "rule"), await text(page, "rule"));
    await other.click("#filters .timeline");
    await other.locator(".tl-lane").nth(4).waitFor();
  },
  "#example=sequence",
);

onPage(
  "on a narrow page the timeline fits, and leads to the events when asked",
  async (page) => {
    await page.click('.tabs [data-pane="results"]');
    await page.click("#filters .timeline");
    await page.locator(".tl-mark").first().click();
    assert.ok(await page.locator("#pane-results").isVisible(), "the detail is here");
    assert.ok(await page.locator("#results").evaluate((pane) => pane.scrollWidth <= pane.clientWidth));
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    await page.locator(".tl-detail").getByRole("button", { name: "Line 2" }).click();
    assert.ok(await page.locator("#pane-events").isVisible());
  },
  "#example=sequence",
  { viewport: { width: 390, height: 844 } },
);
