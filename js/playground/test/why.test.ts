import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { onPage, settled, type, waitForStatus } from "./page.js";

const lit = (page: Page): Promise<string[]> => page.locator("#rule-editor .cm-lit").allInnerTexts();
const selection = (page: Page): Promise<string> => page.evaluate(() => getSelection()?.toString() ?? "");

onPage(
  "the list says of each event why it does not match",
  async (page) => {
    await page.click("#filters .unmatched");
    const reasons = page.locator(".event .reason");
    await reasons.nth(2).filter({ hasText: /./ }).waitFor();
    assert.deepEqual(await reasons.allInnerTexts(), [
      'user.name is "alice", the rule wants "root"',
      'process.name is "nginx", the rule wants "bash"',
      'the event\'s category is "file", the rule wants process',
    ]);
    // They follow the rule.
    await type(page, "rule", 'process where user.name == "bob"');
    await reasons.filter({ hasText: 'user.name is "root", the rule wants "bob"' }).first().waitFor();
  },
  "#example=first-steps",
);

onPage(
  "an unmatched event opens with the reason, and its tests point into the rule",
  async (page) => {
    await page.click("#filters .unmatched");
    await page.locator(".event .expand").first().click();
    const why = page.locator(".event.open .why");
    assert.equal(await page.locator(".event.open .detail-bar [aria-pressed=true]").innerText(), "Why");
    assert.equal(await why.locator(".why-reason").innerText(), 'Did not match: user.name is "alice", the rule wants "root".');
    const rows = why.locator("[role=treeitem]");
    assert.deepEqual(await rows.locator(".why-text").allInnerTexts(), ["process", 'process.name == "bash"', 'user.name == "root"']);
    assert.deepEqual(await rows.evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label"))), [
      'true; process; found event.category: "process"',
      'true; process.name == "bash"; found "bash"',
      'false, decides; user.name == "root"; found "alice"',
    ]);
    await rows.nth(1).hover();
    await page.locator("#rule-editor .cm-lit").waitFor();
    assert.deepEqual(await lit(page), ['process.name == "bash"']);
    await page.locator("#results-title").hover();
    await page.locator("#rule-editor .cm-lit").waitFor({ state: "detached" });
    await rows.nth(2).click();
    assert.equal(await selection(page), 'user.name == "root"');
    assert.ok(await page.evaluate(() => document.activeElement?.matches("#rule-editor .cm-content")));
  },
  "#example=first-steps",
);

onPage(
  "the keyboard walks through an explanation",
  async (page) => {
    await page.click("#filters .unmatched");
    await page.locator(".event .expand").first().focus();
    await page.keyboard.press("Enter");
    const rows = page.locator(".event.open [role=treeitem]");
    await rows.first().waitFor();
    await page.keyboard.press("Tab"); // the tabs: Why, Event
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.ok(await rows.first().evaluate((row) => row === document.activeElement), "the tree is one stop");
    await page.keyboard.press("End");
    assert.deepEqual(await lit(page), ['user.name == "root"']);
    await page.keyboard.press("ArrowUp");
    assert.deepEqual(await lit(page), ['process.name == "bash"']);
    await page.keyboard.press("Enter");
    assert.equal(await selection(page), 'process.name == "bash"');
    // The place is that of bytes in the text as it was: not ASCII before it, and a changed rule lights nothing up.
    await type(page, "rule", 'any where a == "é\u{1f600}" and b == 1');
    await rows.nth(1).hover();
    await page.locator("#rule-editor .cm-lit").waitFor();
    assert.deepEqual(await lit(page), ["b == 1"]);
  },
  "#example=first-steps",
);

onPage("alternatives hang below their or, null says what it counts as, and many bystanders are one line", async (page) => {
  await type(page, "events", '{"a":1,"b":1,"c":1,"d":1,"e":1,"f":{"g":[1,2]}}');
  await type(page, "rule", "any where a == 1 and b == 1 and c == 1 and d == 1 and e == 1 and (f.g == 3 or x == 2)");
  await page.click("#filters .unmatched");
  await page.locator(".event .expand").click();
  const why = page.locator(".why");
  const or = why.locator("[role=treeitem]", { hasText: "none of 2 holds" }).first();
  assert.deepEqual(await or.locator("[role=treeitem] .why-text").allInnerTexts(), ["f.g == 3", "x == 2"]);
  assert.match(await or.innerText(), /missing\s+null counts as false/);
  const folded = why.locator(".folded");
  assert.equal(await folded.innerText(), "5 other conditions hold");
  await folded.click();
  assert.equal(await why.locator("[role=treeitem]").count(), 8);
  assert.ok(await why.locator("[role=treeitem]", { hasText: "a == 1" }).evaluate((row) => row === document.activeElement));
});

onPage("a matched event has its reason beside the event and the alert", async (page) => {
  await page.locator(".event .expand").first().click();
  assert.deepEqual(await page.locator(".detail-bar button").allInnerTexts(), ["Event", "Why", "Alert document", "Copy"]);
  await page.locator(".detail .json").waitFor();
  await page.click(".detail-bar >> text=Why");
  assert.match(await page.locator(".why-reason").innerText(), /^Matched: /);
  // It stays on that tab while the rule is edited.
  await page.locator("#rule-editor .cm-content").focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.insertText("# edited\n");
  await settled(page);
  await page.locator(".event.open .why-reason").waitFor();
});

onPage(
  "of a sequence each term says its reason and its key",
  async (page) => {
    await page.click("#filters .unmatched");
    await page.locator(".event .reason", { hasText: "is an event for term 1; dropped: maxspan has passed" }).waitFor();
    await page.locator(".event", { hasText: "is an event for until" }).locator(".expand").click();
    const terms = page.locator(".why-term");
    await terms.first().waitFor();
    assert.equal(await terms.count(), 4);
    assert.match(await terms.nth(0).innerText(), /does not match\s*term 1\s*the event has no event.outcome/);
    assert.match(await terms.nth(3).innerText(), /matches\s*until\s*by host.id "web-1", user.name "ben"/);
    assert.ok(!(await terms.nth(0).locator(".why-tree").isVisible()));
    await terms.nth(0).locator(".why-toggle").click();
    assert.match(await terms.nth(0).locator(".why-tree").innerText(), /event\.outcome == "failure"\s*missing/);
    await terms.nth(3).locator(".why-toggle").hover();
    await page.locator("#rule-editor .cm-lit").first().waitFor();
    assert.equal((await lit(page)).join(""), '[authentication where event.action == "logged-out"]');
  },
  "#example=sequence",
);

onPage("what holds an event back beside the query is told gate by gate", async (page) => {
  const rule = {
    rule_id: "r",
    name: "R",
    type: "query",
    language: "kuery",
    query: "process.name: nc",
    index: ["logs-endpoint.events.*"],
    filters: [{ meta: { negate: false }, query: { match_phrase: { "host.os.type": "linux" } } }],
    exceptions_list: [{ id: "1", list_id: "l", type: "rule_default", namespace_type: "single" }],
  };
  const entries = [
    { field: "host.name", operator: "included", type: "wildcard", value: "ci-*" },
    { field: "user.name", operator: "included", type: "match_any", value: ["runner", "root"] },
  ];
  const item = { item_id: "i", list_id: "l", name: "build machines", type: "simple", namespace_type: "single", entries };
  await type(page, "events", '{"process":{"name":"nc"},"host":{"name":"ci-7","os":{"type":"linux"}},"user":{"name":"root"}}');
  await type(page, "rule", `${JSON.stringify(rule)}\n${JSON.stringify(item)}`);
  await page.click("#filters .unmatched");
  await page.locator(".event .expand").click();
  const why = page.locator(".why");
  assert.equal(
    await why.locator(".why-reason").innerText(),
    'The query matches, but the exception "build machines" takes it away: host.name is "ci-7"; user.name is "root".',
  );
  const gates = why.locator(".why-term");
  assert.deepEqual(await gates.evaluateAll((gates) => gates.map((gate) => gate.getAttribute("aria-label"))), ["index", "query", "filters", "exceptions"]);
  assert.match(await gates.nth(0).innerText(), /lets it through:\s*index\s*the event does not say its data stream/);
  assert.match(await gates.nth(3).innerText(), /holds it back:\s*exceptions\s*build machines/);
  // What holds it back is open; the rest opens.
  assert.deepEqual(await why.locator("[role=treeitem] .why-text").allInnerTexts(), ["host.name:ci-*", 'user.name: ("runner" or "root")']);
  await gates.nth(1).locator(".why-toggle").click();
  assert.match(await gates.nth(1).locator(".why-tree").innerText(), /process.name: nc\s*"nc"/);
  // It is not written in the query: there is nothing to light up or to go to.
  await gates.nth(3).locator("[role=treeitem]").first().click();
  assert.equal(await page.locator("#rule-editor .cm-lit").count(), 0);
  assert.equal(await gates.nth(3).locator("[role=treeitem]").count(), 2);
});

onPage("a rule with an error explains nothing, and does not try", async (page) => {
  await type(page, "rule", "any where a ==");
  await page.click("#filters .unmatched");
  assert.equal(await page.locator(".event .reason").count(), 0);
  await page.locator(".event .expand").first().click();
  assert.deepEqual(await page.locator(".detail-bar button").allInnerTexts(), ["Event", "Copy"]);
  await type(page, "rule", "any where a == 1");
  await waitForStatus(page, "0 matches");
  await page.locator(".event.open .reason").first().waitFor({ state: "attached" });
});

onPage(
  "on a narrow page a test leads to the rule",
  async (page) => {
    await page.click('.tabs [data-pane="results"]');
    await page.click("#filters .unmatched");
    await page.locator(".event .expand").first().click();
    await page.locator(".why [role=treeitem]").last().click();
    assert.ok(await page.locator("#pane-rule").isVisible());
    assert.equal(await selection(page), 'user.name == "root"');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  },
  "#example=first-steps",
  { viewport: { width: 390, height: 844 } },
);
