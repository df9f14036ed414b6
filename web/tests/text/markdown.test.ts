import { describe, expect, it } from "vitest";
import { linkText, safeHref } from "../../src/text/address.ts";
import { type Inline, parseInline, parseMarkdown, wordsOf } from "../../src/text/markdown.ts";
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

  it("reads tables, whatever their cells lack", () => {
    const text = (value: string) => [{ kind: "text", text: value }];
    expect(parseMarkdown("Times:\n| a | b |\n|---|:-:|\n| 1 |\n| x \\| y | 2 | 3 |\nThen")).toEqual(
      [
        { kind: "paragraph", children: text("Times:") },
        {
          kind: "table",
          head: [text("a"), text("b")],
          rows: [
            [text("1"), []],
            [text("x | y"), text("2")],
          ],
        },
        { kind: "paragraph", children: text("Then") },
      ],
    );
    for (const none of ["a | b\ntext | more", "a | b\n---", "| a |\n|---|---|", "a\n---|---"]) {
      expect(parseMarkdown(none).some((one) => one.kind === "table")).toBe(false);
    }
  });

  it("has levels three and four only, beneath the page's own headings", () => {
    expect(parseMarkdown("# A")[0]).toMatchObject({ level: 3 });
    expect(parseMarkdown("###### A")[0]).toMatchObject({ level: 4 });
  });
});

describe("parseInline", () => {
  it("makes links of pictures that say what they show", () => {
    const link = (href: string, label: string) => [
      { kind: "link", href, children: [{ kind: "text", text: label }] },
    ];
    const picture = "https://e.org/a.png";
    expect(parseInline(`![The pump](${picture})`)).toEqual(link(picture, "The pump"));
    expect(parseInline(`![](${picture})`)).toEqual(link(picture, picture));
    const linked = `[![Pump](${picture})](https://e.org/)`;
    expect(parseInline(linked)).toEqual(link("https://e.org/", "Pump"));
    expect(hrefs(parseInline("![a](javascript:alert(1))"))).toEqual([]);
    expect(parseInline("Wow! [a](https://e.org/)")[0]).toEqual({ kind: "text", text: "Wow! " });
  });

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
    "https://nasa.gov@evil.example",
    "https://nasa.gov:x@evil.example/",
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

describe("links", () => {
  it.each([
    ["[nasa.gov](https://evil.example/x)", "nasa.gov (evil.example)"],
    ["[**see** www.nasa\u2024gov](https://evil.example)", "see www.nasa\u2024gov (evil.example)"],
    ["[n\u0430sa.gov](https://n\u0430sa.gov)", "n\u0430sa.gov (xn--nsa-6cd.gov)"],
    ["[\u200bnasa\uff0egov](https://evil.example)", "\u200bnasa\uff0egov (evil.example)"],
    ["https://\u0430pple.com/x", "https://xn--pple-43d.com/x"],
    ["https://nasa\u3002gov", "https://nasa.gov/"],
    ["![nasa.gov](https://evil.example/a.png)", "nasa.gov (evil.example)"],
    ["[www.NASA.gov/x](https://nasa.gov/)", "www.NASA.gov/x"],
    ["[The news](https://example.org)", "The news"],
    ["https://example.org", "https://example.org"],
  ])("say where they lead: %s", (text, shown) => {
    expect(wordsOf(parseInline(text))).toBe(shown);
    expect(hrefs(parseInline(text))).toHaveLength(1);
  });

  it("say so beside the page, too", () => {
    expect(linkText("nasa.gov", "https://evil.example/")).toBe("nasa.gov (evil.example)");
    expect(linkText("NASA", "https://evil.example/")).toBe("NASA");
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
