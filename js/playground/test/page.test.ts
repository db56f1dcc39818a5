import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { browser, onPage, paste, settled, status, text, type, url, waitForStatus } from "./page.js";

onPage("a visitor sees a rule that matches, and the module's hash", async (page) => {
  const sha256 = readFileSync(new URL("../../../target/module/sha256", import.meta.url), "utf8").trim().split(/\s/)[0]!;
  assert.equal(await page.locator("#sha256").getAttribute("data-sha256"), sha256);
  assert.ok((await page.locator("#sha256").innerText()).startsWith(sha256.slice(0, 8)));
  await page.click("#sha256");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), sha256);

  assert.match(await status(page), /^4 matches in 168 events/);
  const sources = await page.locator(".event.matched .source").allInnerTexts();
  assert.deepEqual(sources.sort(), ["CrowdStrike", "Elastic Defend", "Endgame", "SentinelOne"]);
  assert.match(await page.locator("#rule-facts").innerText(), /Mining Service File Created.*medium.*T1059\.004/s);
});

onPage(
  "an edited rule finds other events at once",
  async (page) => {
    assert.match(await status(page), /^1 match in 4 events/);
    await type(page, "rule", 'process where process.name == "nginx"');
    await page.locator(".event .jump", { hasText: "nginx -g" }).waitFor();
    assert.match(await status(page), /^1 match in 4 events/);
    assert.equal(await page.locator(".event.matched").count(), 1);
    await page.click("#filters .unmatched");
    assert.equal(await page.locator(".event").count(), 3);
  },
  "#example=first-steps",
);

onPage("a sequence is listed with its lines and its key, and has the alert for all of its events", async (page) => {
  const event = (second: number, category: string, host: string): string =>
    JSON.stringify({ "@timestamp": second * 1000, event: { category }, host: { id: host }, n: second });
  const events = [event(90, "file", "web"), event(30, "process", "db"), event(31, "network", "web"), event(60, "process", "web")];
  await type(page, "rule", "sequence by host.id [process where true] [file where true]");
  await paste(page, "events", events.join("\n"));
  await waitForStatus(page, "1 match in 4 events");
  const row = page.locator(".event.matched");
  assert.equal(await row.count(), 1);
  assert.equal(await row.locator(".line").innerText(), "L4 › L1");
  assert.equal(await row.locator(".keys").innerText(), "web");
  await row.locator(".expand").click();
  await row.getByRole("button", { name: "Alert document" }).click();
  await row.locator(".json", { hasText: "kibana.alert.group.id" }).waitFor();
  assert.match(await row.locator(".json").innerText(), /"kibana.alert.depth": 2/);
  await page.click("#filters .unmatched");
  assert.equal(await page.locator(".event").count(), 2);
});

onPage(
  "a broken rule has wavy lines, a message, and a fix that works",
  async (page) => {
    await type(page, "rule", 'process where endsWtih(process.name, "sh")');
    const squiggle = page.locator("#rule-editor .cm-lintRange-error");
    await squiggle.waitFor();
    assert.equal(await squiggle.innerText(), "endsWtih");
    assert.match(await page.locator(".problem.error").innerText(), /endsWtih/);
    assert.match(await status(page), /^1 error/);
    await squiggle.hover();
    await page.locator(".cm-tooltip-lint .cm-diagnosticAction").waitFor();
    await page.click(".problem .fix");
    await page.locator(".problem").waitFor({ state: "hidden" });
    await waitForStatus(page, "2 matches in 4 events");
    assert.equal(await text(page, "rule"), 'process where endsWith(process.name, "sh")');
    assert.equal(await squiggle.count(), 0);
  },
  "#example=first-steps",
);

onPage(
  "both slips of the lesson are mended from the keyboard",
  async (page) => {
    assert.equal(await page.locator(".problem").count(), 2);
    await page.locator("#rule-editor .cm-content").focus();
    await page.keyboard.press("Control+.");
    await page.locator(".problem").nth(1).waitFor({ state: "detached" });
    await page.keyboard.press("Control+.");
    await waitForStatus(page, "1 match in 2 events");
    assert.match(await text(page, "rule"), /file\.name == .* and\n {2}endsWith\(/);
  },
  "#example=slip",
);

onPage("a shared link shows the same rule and events", async (page, context) => {
  const rule = 'any where user.name : "änna" // é \u{1f600}';
  const events = '{"user":{"name":"ÄNNA"}}\n{"user":{"name":"bob"}}';
  await type(page, "events", events);
  await type(page, "rule", rule);
  await waitForStatus(page, "in 2 events");
  const before = await status(page);
  await page.click("#share");
  await page.locator("#toast.shown", { hasText: "Link copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(link.startsWith(`${url}#v1=`));

  const other = await context.newPage();
  await other.goto(link);
  await settled(other);
  assert.equal(await text(other, "rule"), rule);
  assert.equal(await text(other, "events"), events);
  await waitForStatus(other, "in 2 events");
  assert.equal((await status(other)).split(" events")[0], before.split(" events")[0]);
});

onPage("the address follows the typing, and Back undoes the choice of an example", async (page) => {
  await type(page, "rule", "any where true");
  await page.waitForURL(/#v1=/);
  await page.click("#open-gallery");
  await page.click('#gallery [data-id="case"]');
  await page.waitForURL(/#example=case$/);
  await settled(page);
  assert.match(await text(page, "rule"), /in~/);
  await page.goBack();
  await page.waitForFunction(() => document.querySelector("#rule-editor .cm-content")?.textContent === "any where true");
});

onPage("a state that is too large for a link says so", async (page) => {
  const noise = Array.from({ length: 4000 }, (_, at) => `{"a":"${(Math.sin(at) * 1e16).toString(36)}${(Math.cos(at) * 1e16).toString(36)}"}`);
  await paste(page, "events", noise.join("\n"));
  await page.click("#share");
  await page.locator("#toast.shown", { hasText: "too large for a link" }).waitFor();
  await page.waitForFunction(() => location.hash === "");
});

onPage("a damaged link says so and shows an example", async (page) => {
  await page.locator("#toast.shown", { hasText: "damaged" }).waitFor();
  assert.match(await status(page), /^4 matches/);
}, "#v1=abcdef");

onPage("a click on a result shows its event's line", async (page) => {
  const row = page.locator(".event.matched").nth(2);
  const line = (await row.locator(".line").innerText()).replace("L", "");
  await row.locator(".jump").click();
  const lit = page.locator("#events-editor .line-spotlight");
  await lit.waitFor();
  assert.ok(await lit.evaluate((element) => element.classList.contains("line-matched")));
  const number = page.locator("#events-editor .cm-lineNumbers .cm-activeLineGutter");
  assert.equal(await number.innerText(), line);
});

onPage("a result opens into its event and its alert", async (page) => {
  await page.locator(".event .expand").first().click();
  const json = page.locator(".detail .json");
  assert.equal(typeof JSON.parse((await json.textContent())!)["@timestamp"], "string");
  await page.click(".detail >> text=Alert document");
  await page.locator(".detail .json", { hasText: "kibana.alert.rule.name" }).waitFor();
  const alert = JSON.parse((await json.textContent())!) as Record<string, unknown>;
  assert.equal(alert["kibana.alert.rule.name"], "Mining Service File Created");

  // It stays open while the rule is edited, and shows what that changes.
  await page.locator("#rule-editor .cm-content").focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.insertText("# edited\n");
  await settled(page);
  await page.locator(".event.open .json", { hasText: "kibana.alert.rule.name" }).waitFor();
});

onPage("what is not an event is listed with its line and reason", async (page) => {
  await type(page, "rule", "any where true");
  await type(page, "events", '{"a":1}\n\n{"a":oops}\n{"a":2}');
  await waitForStatus(page, "2 matches in 3 events");
  assert.match(await status(page), /1 rejected/);
  await page.click("#filters .rejected");
  const row = page.locator(".event.rejected");
  assert.equal(await row.count(), 1);
  assert.equal(await row.locator(".line").innerText(), "L3");
  assert.notEqual(await row.locator(".jump").innerText(), "");
  assert.equal(await page.locator("#events-editor .line-rejected").innerText(), '{"a":oops}');
});

onPage("a JSON array is read like lines", async (page) => {
  await type(page, "rule", "any where a > 1");
  await type(page, "events", JSON.stringify([{ a: 1 }, { a: 2 }, { a: [0, 3] }], null, 2));
  await waitForStatus(page, "2 matches in 3 events");
  assert.deepEqual(await page.locator(".event .line").allInnerTexts(), ["L5", "L8"]);
});

onPage("a large file is read and evaluated", async (page) => {
  const line = `{"event":{"category":"process"},"process":{"name":"bash","args":["${"x".repeat(900)}"]}}\n`;
  const buffer = Buffer.from(line.repeat(12_000));
  await type(page, "rule", 'process where process.name == "bash"');
  await page.setInputFiles("#file", { name: "events.ndjson", mimeType: "application/x-ndjson", buffer });
  await waitForStatus(page, "12,000 matches in 12,000 events");
  assert.match(await status(page), /MB\/s/);
  await page.locator("#results").evaluate(async (element) => {
    for (let at = 0; at < 4; at += 1) {
      element.scrollTop = element.scrollHeight;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  assert.ok((await page.locator(".event").count()) > 80);
});

onPage("a dropped file replaces the events", async (page) => {
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['{"dropped":1}'], "x.json"));
    return transfer;
  });
  await page.dispatchEvent("#events-editor .cm-content", "dragenter", { dataTransfer: data });
  await page.locator(".dropping .drop").waitFor();
  await page.dispatchEvent("#events-editor .cm-content", "drop", { dataTransfer: data });
  await waitForStatus(page, "in 1 event");
  assert.equal(await text(page, "events"), '{"dropped":1}');
});

onPage(
  "fields and their values are completed as seen in the events",
  async (page) => {
    await type(page, "rule", "process where ");
    await page.keyboard.type("process.com");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "process.command_line" }).waitFor();
    await page.waitForTimeout(100); // The list ignores keys for a moment, so that typing does not accept.
    await page.keyboard.press("Enter");
    await page.keyboard.type(' : "');
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "bash -i" }).waitFor();
    assert.equal(await text(page, "rule"), 'process where process.command_line : ""');
  },
  "#example=first-steps",
);

onPage("a TOML rule, a page and a query are recognised", async (page) => {
  const form = page.locator("#rule-facts .form");
  assert.equal(await form.innerText(), "TOML rule file");
  await type(page, "rule", "any where true");
  assert.equal(await form.innerText(), "EQL query");
  await type(page, "rule", "# A page\n\n**Rule type**: eql\n\n**Severity**: high\n\n## Rule query\n\n```js\nany where true\n```\n");
  assert.equal(await form.innerText(), "Markdown page");
  await waitForStatus(page, "168 matches");
});

onPage("the rule is formatted, and the cursor stays at its word", async (page) => {
  await type(page, "rule", 'any where host.os.type=="linux" and // why\n(process.name : ("a","b"))');
  for (let at = 0; at < 5; at += 1) await page.keyboard.press("ArrowLeft");
  await page.click("#format");
  const formatted = 'any where host.os.type == "linux" and // why\n  process.name : ("a", "b")';
  await page.locator("#rule-editor", { hasText: '("a", "b")' }).waitFor();
  assert.equal(await text(page, "rule"), formatted);
  await page.keyboard.insertText("|");
  assert.equal(await text(page, "rule"), formatted.replace('"b"', '|"b"'));
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  assert.match(await text(page, "rule"), /"linux" and \/\/ why\n\(process/);
  await page.keyboard.press("Shift+Alt+F");
  await page.locator("#rule-editor", { hasText: '("a", "b")' }).waitFor();
  assert.equal(await text(page, "rule"), formatted);
  await page.click("#format");
  await page.locator("#toast.shown", { hasText: "Nothing to format" }).waitFor();
});

onPage("what cannot be formatted is said", async (page) => {
  const toml = '[rule]\nname = "x"\ntype = "eql"\nquery = "any   where (a == 1)"';
  await paste(page, "rule", toml);
  await page.click("#format");
  await page.locator("#rule-editor", { hasText: '"any where a == 1"' }).waitFor();
  assert.equal(await text(page, "rule"), toml.replace("any   where (a == 1)", "any where a == 1"));
  await type(page, "rule", "any where a == \nand true");
  await page.click("#format");
  await page.locator("#toast.shown", { hasText: "errors" }).waitFor();
  await page.locator("#problems .error", { hasText: "line 2" }).waitFor();
  await type(page, "rule", "# A page\n\n**Rule type**: eql\n\n## Rule query\n\n```js\nany where true\n```\n");
  await page.click("#format");
  await page.locator("#toast.shown", { hasText: "left alone" }).waitFor();
});

onPage("an empty page says what to do, and a rule with a pipe why it is skipped", async (page) => {
  await type(page, "rule", " ");
  await page.locator(".empty", { hasText: "No rule yet" }).waitFor();
  await type(page, "rule", "any where true | head 5");
  await page.locator(".empty", { hasText: "pipes choose from a finite result" }).waitFor();
  await type(page, "rule", "any where true");
  await type(page, "events", " ");
  await page.locator(".empty", { hasText: "No events yet" }).waitFor();
});

onPage("the keyboard is enough", async (page) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "skip");
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement?.matches("#results .jump")));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement?.matches("#events-editor .cm-content")), "Enter goes to the event");

  await page.locator("#rule-editor .cm-content").focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement?.matches("#rule-editor .cm-content")), "Tab indents");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.ok(!(await page.evaluate(() => document.activeElement?.matches("#rule-editor .cm-content"))), "Escape, Tab leaves");
  await page.locator("#split-columns").focus();
  const width = (): Promise<number> => page.locator("#pane-rule").evaluate((pane) => pane.clientWidth);
  const before = await width();
  await page.keyboard.press("ArrowLeft");
  assert.ok((await width()) < before);
});

test("an engine that hangs is stopped, and can be started again", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.clock.install();
  let asked = 0;
  await page.route("**/worker-*.js", (route) => {
    asked += 1;
    return asked === 1 ? route.fulfill({ contentType: "text/javascript", body: "for (;;);" }) : route.continue();
  });
  try {
    await page.goto(url);
    await page.locator("#status", { hasText: "Loading" }).waitFor();
    await page.clock.fastForward(11_000);
    await page.locator(".empty", { hasText: "no sign of life" }).waitFor();
    await page.click(".empty .button");
    await page.locator(".event.matched").first().waitFor();
    assert.equal(asked, 2);
  } finally {
    await context.close();
  }
});

onPage("light and dark", async (page) => {
  const paper = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click("#theme");
  assert.equal(await paper(), light);
  await page.click("#theme");
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await paper(), dark);
  await page.click("#theme");
  assert.equal(await paper(), light);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await paper(), dark);
});

onPage(
  "a narrow page shows one pane at a time and does not scroll sideways",
  async (page) => {
    assert.ok(await page.locator("#pane-rule").isVisible());
    assert.ok(!(await page.locator("#pane-results").isVisible()));
    await page.click('.tabs [data-pane="results"]');
    await page.locator(".event .jump").first().click();
    assert.ok(await page.locator("#pane-events").isVisible());
    assert.ok(!(await page.locator("#pane-results").isVisible()));
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  },
  "",
  { viewport: { width: 390, height: 844 } },
);

onPage("every example compiles and matches something", async (page) => {
  await page.click("#open-gallery");
  const ids = await page.locator("#gallery [data-id]").evaluateAll((buttons) => buttons.map((button) => (button as HTMLElement).dataset["id"]!));
  await page.keyboard.press("Escape");
  assert.ok(ids.length > 20);
  for (const id of ids) {
    await page.click("#open-gallery");
    await page.click(`#gallery [data-id="${id}"]`);
    await page.waitForURL(new RegExp(`#example=${id}$`));
    await settled(page);
    if (id === "slip") assert.match(await status(page), /^1 error 1 warning/);
    else assert.match(await status(page), /^[1-9]\d* match/, `${id}: ${await status(page)}`);
  }
});
