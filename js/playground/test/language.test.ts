import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { CompletionContext } from "@codemirror/autocomplete";
import { ensureSyntaxTree, StreamLanguage, type StreamParser } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { tokenTable } from "../src/editor/look.js";
import { complete } from "../src/language/completion.js";
import { eqlParser } from "../src/language/eql.js";
import { explain } from "../src/language/hover.js";
import { markdownParser } from "../src/language/markdown.js";
import { queryRegion, recognise } from "../src/language/recognise.js";
import { tomlParser } from "../src/language/toml.js";

/** The coloured pieces of a text, as `name:text`. */
function tokens<State>(parser: StreamParser<State>, text: string): string[] {
  const state = EditorState.create({ doc: text, extensions: StreamLanguage.define({ ...parser, tokenTable }) });
  const found: string[] = [];
  ensureSyntaxTree(state, text.length, 5000)!.iterate({
    enter: (node) => {
      if (node.from < node.to && !node.node.firstChild) found.push(`${node.name}:${text.slice(node.from, node.to)}`);
    },
  });
  return found;
}

test("a query's tokens", () => {
  const found = tokens(eqlParser, 'process where ?a.b : "x\\"y" and startsWith~(`c d`, """r"aw""") // end');
  for (const token of [
    "typeName:process",
    "keyword:where",
    "operator:?",
    "propertyName:a.b",
    'string:"x\\"y"',
    "keyword:and",
    "function:startsWith~",
    "propertyName:`c d`",
    'string:"""r"aw"""',
    "comment:// end",
  ]) {
    assert.ok(found.includes(token), `${token} in ${found.join(" ")}`);
  }
});

test("comments nest, and strings end with their line", () => {
  assert.deepEqual(tokens(eqlParser, "/* a /* b */ c */ any"), ["comment:/* a /* b */ c */", "typeName:any"]);
  assert.deepEqual(tokens(eqlParser, '"a\nwhere').map((token) => token.split(":")[0]), ["string", "keyword"]);
});

test("a rule file's query is coloured as a query, and the rest is not", () => {
  const found = tokens(tomlParser, "[rule]\nname = \"x where\"\nquery = '''\nfile where a == 1\n'''\nrisk_score = 47\n");
  assert.ok(found.includes("heading:[rule]"));
  assert.ok(found.includes("keyword:where"));
  assert.ok(found.includes("typeName:file"));
  assert.ok(found.includes("number:47"));
  assert.equal(found.filter((token) => token === "keyword:where").length, 1);
});

test("a page's fenced query is coloured", () => {
  const found = tokens(markdownParser, "# Title\n\ntext where\n\n```js\nfile where true\n```\nmore\n");
  assert.ok(found.includes("heading:# Title"));
  assert.equal(found.filter((token) => token === "keyword:where").length, 1);
});

test("forms are told apart", () => {
  assert.equal(recognise(""), "eql");
  assert.equal(recognise('process where a == "b"'), "eql");
  assert.equal(recognise("// a comment\nany where true"), "eql");
  assert.equal(recognise("sequence by a [ file where true ]"), "eql");
  assert.equal(recognise("# made by hand\n\n[metadata]\n"), "toml");
  assert.equal(recognise('name = "x"\nquery = "any where true"'), "toml");
  assert.equal(recognise("---\nmapped_pages:\n---\n# Title"), "markdown");
  assert.equal(recognise("# Title\n\nText"), "markdown");
});

test("the query of every example is found", () => {
  const folder = new URL("../../../examples/rules/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".toml"));
  assert.ok(names.length > 10);
  for (const name of names) {
    const text = readFileSync(new URL(name, folder), "utf8");
    assert.equal(recognise(text), "toml", name);
    const region = queryRegion(text, "toml");
    const isEql = text.includes('language = "eql"');
    assert.match(text.slice(region!.from, region!.to), isEql ? /^\s*(?:\/\/[^\n]*\n|\w|")[^]*\bwhere\b/ : /^\s*[\w.]+: /, name);
    const invalid = tokens(tomlParser, text).filter((token) => token.startsWith("invalid:"));
    assert.deepEqual(invalid, [], name);
  }
});

test("the query of a page is found", () => {
  const page = "# T\n\n```sh\nsetup\n```\n\n## Rule query [_rule_query_1]\n\n```js\nany where true\n```\n";
  const { from, to } = queryRegion(page, "markdown")!;
  assert.equal(page.slice(from, to), "any where true\n");
  assert.equal(queryRegion("# T\n", "markdown"), null);
});

const FIELDS = [
  { name: "event.category", count: 1, type: "string", values: ["process", "my category"] },
  { name: "process.name", count: 1, type: "string", values: ["bash", 'a"b'] },
  { name: "odd field", count: 1, type: "string", values: [] },
];

/** What is offered at the `|` of a text. */
function offered(marked: string, explicit = false): { labels: string[]; options: readonly { label: string; apply?: unknown }[]; from: number } | null {
  const pos = marked.indexOf("|");
  const state = EditorState.create({ doc: marked.replace("|", "") });
  const result = complete(new CompletionContext(state, pos, explicit), FIELDS);
  return result && { labels: result.options.map(({ label }) => label), options: result.options, from: result.from };
}

test("categories are offered first", () => {
  assert.deepEqual(offered("pro|")!.labels.slice(0, 2), ["process", "my category"]);
  assert.ok(offered("// comment\npro|")!.labels.includes("any"));
  assert.equal(offered("pro|")!.options[1]!.apply, '"my category" where ');
});

test("fields, functions and keywords are offered in conditions", () => {
  const { labels, options } = offered("any where pro|")!;
  assert.ok(labels.includes("process.name") && labels.includes("startsWith") && labels.includes("not in"));
  assert.equal(options.find(({ label }) => label === "odd field")!.apply, "`odd field`");
  assert.equal(offered("any where |"), null);
  assert.ok(offered("any where |", true));
});

test("a field's values are offered in its strings", () => {
  assert.deepEqual(offered('any where process.name == "b|')!.labels, ["bash", 'a"b']);
  assert.deepEqual(offered('any where process.name not in~ ("x", "|")')!.labels, ["bash", 'a"b']);
  assert.equal(offered('any where process.name == "|')!.options[1]!.apply, 'a\\"b');
  assert.equal(offered('any where unknown == "|'), null);
});

test("nothing is offered in comments and outside of the query", () => {
  assert.equal(offered("any where true // pro|"), null);
  assert.equal(offered("any where true /* pro|"), null);
  assert.equal(offered("name = \"pro|\"\nquery = '''any where true'''"), null);
  assert.ok(offered("name = \"x\"\nquery = '''any where pro|'''"));
});

test("words of the query are explained", () => {
  const rule = 'process where startsWith~(process.name, "not") and not length == 1 // in';
  const at = (part: string): string | undefined => explain(rule, rule.indexOf(part) + 1, FIELDS)?.title;
  assert.equal(at("startsWith"), 'startsWith(s, "start")');
  assert.equal(at("process.name"), "process.name: string");
  assert.equal(at("and"), "a and b");
  assert.equal(at('not"'), undefined);
  assert.equal(at("length"), undefined, "a field by that name");
  assert.equal(explain(rule, rule.length, FIELDS), null);
});
