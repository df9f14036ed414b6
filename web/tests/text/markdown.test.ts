import { describe, expect, it } from "vitest";
import { type Inline, parseInline, parseMarkdown, safeHref } from "../../src/text/markdown.ts";
import { plainText } from "../../src/text/plain.ts";

function hrefs(pieces: readonly Inline[]): string[] {
  return pieces.flatMap((one) =>
    one.kind === "link" ? [one.href] : "children" in one ? hrefs(one.children) : [],
  );
}

describe("parseMarkdown", () => {
  it("reads paragraphs, headings, lists, quotations and rules", () => {
    const text =
      "# Top\nText\n\n- one\n- two\n  more\n\n1. first\n2) second\n\n> said\n\n---\n#### Deep";
    expect(parseMarkdown(text).map((one) => one.kind)).toEqual([
      "heading",
      "paragraph",
      "list",
      "list",
      "quote",
      "rule",
      "heading",
    ]);
    expect(parseMarkdown("- one\n- two\n  more")).toEqual([
      {
        kind: "list",
        ordered: false,
        items: [[{ kind: "text", text: "one" }], [{ kind: "text", text: "two\nmore" }]],
      },
    ]);
  });

  it("has levels three and four only, beneath the page's own headings", () => {
    expect(parseMarkdown("# A")[0]).toMatchObject({ level: 3 });
    expect(parseMarkdown("###### A")[0]).toMatchObject({ level: 4 });
  });
});

describe("parseInline", () => {
  it("reads emphasis, strong, code, links, bare addresses, breaks and escapes", () => {
    expect(parseInline("**a** _b_ `c*d*` \\*e\\*")).toEqual([
      { kind: "strong", children: [{ kind: "text", text: "a" }] },
      { kind: "text", text: " " },
      { kind: "em", children: [{ kind: "text", text: "b" }] },
      { kind: "text", text: " " },
      { kind: "code", text: "c*d*" },
      { kind: "text", text: " *e*" },
    ]);
    expect(hrefs(parseInline("see [it](https://a.example/b) and https://c.example."))).toEqual([
      "https://a.example/b",
      "https://c.example/",
    ]);
    expect(parseInline("a  \nb").map((one) => one.kind)).toEqual(["text", "break", "text"]);
  });

  it("leaves everything else as text", () => {
    for (const text of ["<b>x</b>", "![a](b)", "snake_case_name", "2 * 3 * 4", "[a]", "**"]) {
      expect(hrefs(parseInline(text)), text).toEqual([]);
    }
    expect(parseInline("<script>alert(1)</script>")).toEqual([
      { kind: "text", text: "<script>alert(1)</script>" },
    ]);
    expect(parseInline("snake_case_name")).toEqual([{ kind: "text", text: "snake_case_name" }]);
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://a.example/1",
    "//evil.example",
    "/relative",
    "",
  ])("follows no link to %j", (href) => {
    expect(safeHref(href)).toBeNull();
    expect(hrefs(parseInline(`[x](${href})`))).toEqual([]);
  });

  it("ends on hostile texts, and soon", () => {
    for (const text of ["*".repeat(5000), "_".repeat(5000), "[".repeat(5000), "**a".repeat(2000)]) {
      expect(JSON.stringify(parseInline(text)).length).toBeGreaterThan(0);
    }
    const nested = `${"**_".repeat(200)}x${"_**".repeat(200)}`;
    expect(JSON.stringify(parseInline(nested))).toContain("x");
  });
});

describe("plainText", () => {
  it("is the first paragraph without its marks", () => {
    expect(plainText("# Top\n\nA **bold** [word](https://a.example).\n\nMore")).toBe(
      "A bold word.",
    );
    expect(plainText("")).toBe("");
  });
});
