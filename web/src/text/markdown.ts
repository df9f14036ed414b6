/**
 * The part of Markdown that a description needs, as a tree. Pure.
 *
 * Paragraphs, headings, lists, quotations, rules, tables; emphasis, strong, code, links. There is no raw
 * HTML, and a picture becomes a link that says what it shows: whatever is not understood stays text. Links lead to http, https and mailto
 * only. The tree becomes elements without any HTML being parsed, so nothing in it can run.
 */

import { otherHost, safeHref } from "./address.ts";

/** A piece of a line. */
export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "em"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] }
  | { kind: "break" };

/** A block of text. */
export type Block =
  | { kind: "paragraph" | "quote"; children: Inline[] }
  | { kind: "heading"; level: 3 | 4; children: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

/** How deep emphasis may nest; deeper marks stay text. */
const MAX_DEPTH = 6;

const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const BULLET = /^\s{0,3}[-*+]\s+(.*)$/;
const NUMBER = /^\s{0,3}\d{1,9}[.)]\s+(.*)$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;
const RULE = /^\s{0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/;

const DELIMITER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Reads a text. */
export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  for (const chunk of text.replaceAll("\r\n", "\n").split(/\n[ \t]*\n/)) {
    blocks.push(...blocksOf(chunk.split("\n").filter((line) => line.trim() !== "")));
  }
  return blocks;
}

/** The blocks of lines that no empty line divides. */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const table = tableAt(lines, at);
    if (table !== null) {
      blocks.push(table.block);
      at = table.end;
      continue;
    }
    const kind = kindOf(lines[at] ?? "");
    let end = at + 1;
    while (
      end < lines.length &&
      continues(kind, lines[end] ?? "") &&
      tableAt(lines, end) === null
    ) {
      end += 1;
    }
    blocks.push(blockOf(kind, lines.slice(at, end)));
    at = end;
  }
  return blocks;
}

/** The table that begins with a line, and the line after it; null where there is none. */
function tableAt(lines: readonly string[], at: number): { block: Block; end: number } | null {
  const head = lines[at] ?? "";
  const delimiter = lines[at + 1] ?? "";
  const columns = cellsOf(head).length;
  if (!(head.includes("|") && delimiter.includes("|")) || !DELIMITER.test(delimiter)) {
    return null;
  }
  if (cellsOf(delimiter).length !== columns) {
    return null;
  }
  let end = at + 2;
  while (lines[end]?.includes("|") === true) {
    end += 1;
  }
  const rows = lines.slice(at + 2, end).map((line) => {
    const cells = cellsOf(line);
    return Array.from({ length: columns }, (_, column) => parseInline(cells[column] ?? ""));
  });
  const block: Block = {
    kind: "table",
    head: cellsOf(head).map((cell) => parseInline(cell)),
    rows,
  };
  return { block, end };
}

function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll("\\|", "|").trim());
}

type LineKind = "heading" | "rule" | "bullet" | "number" | "quote" | "plain";

function kindOf(line: string): LineKind {
  if (HEADING.test(line)) {
    return "heading";
  }
  if (RULE.test(line)) {
    return "rule";
  }
  if (BULLET.test(line)) {
    return "bullet";
  }
  if (NUMBER.test(line)) {
    return "number";
  }
  return QUOTE.test(line) ? "quote" : "plain";
}

function continues(kind: LineKind, line: string): boolean {
  const next = kindOf(line);
  if (kind === "heading" || kind === "rule") {
    return false;
  }
  return next === kind || (next === "plain" && (kind === "bullet" || kind === "number"));
}

function blockOf(kind: LineKind, lines: readonly string[]): Block {
  const [first = ""] = lines;
  switch (kind) {
    case "heading": {
      const [, marks = "", words = ""] = HEADING.exec(first) ?? [];
      return { kind: "heading", level: marks.length < 3 ? 3 : 4, children: parseInline(words) };
    }
    case "rule":
      return { kind: "rule" };
    case "bullet":
    case "number":
      return { kind: "list", ordered: kind === "number", items: itemsOf(kind, lines) };
    case "quote":
      return { kind: "quote", children: parseInline(lines.map(unquoted).join("\n")) };
    case "plain":
      return { kind: "paragraph", children: parseInline(lines.join("\n")) };
  }
}

function unquoted(line: string): string {
  return QUOTE.exec(line)?.[1] ?? line;
}

function itemsOf(kind: "bullet" | "number", lines: readonly string[]): Inline[][] {
  const items: string[] = [];
  for (const line of lines) {
    const words = (kind === "bullet" ? BULLET : NUMBER).exec(line)?.[1];
    if (words === undefined) {
      items.push(`${items.pop() ?? ""}\n${line.trim()}`);
    } else {
      items.push(words);
    }
  }
  return items.map((item) => parseInline(item));
}

// Each alternative ends at the nearest mark and none nests a repetition, so time grows with length only.
const MARKS =
  /\\([\\`*_[\]()#>~|-])|`([^`\n]+)`|\*\*([^\n]+?)\*\*|__([^\n]+?)__|\*([^*\n]+)\*|\b_([^_\n]+)_\b|\[!\[([^[\]\n]{0,300})\]\([^()\s]{1,2000}\)\]\(([^()\s]{1,2000})\)|!\[([^[\]\n]{0,300})\]\(([^()\s]{1,2000})\)|\[([^[\]\n]{1,300})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?])|( {2,}\n|\\\n)/;

/** So many of its groups are parts of links; see {@link linkedPiece}. */
const LINK_PARTS = 7;

/** The pieces of a text. */
export function parseInline(text: string, depth = 0): Inline[] {
  const pieces: Inline[] = [];
  let rest = text;
  while (rest !== "") {
    const match = MARKS.exec(rest);
    if (match === null) {
      break;
    }
    addText(pieces, rest.slice(0, match.index));
    const piece = pieceOf(match, depth);
    if (piece === null || piece.kind === "text") {
      addText(pieces, piece?.text ?? match[0]);
    } else {
      pieces.push(piece);
    }
    rest = rest.slice(match.index + match[0].length);
  }
  addText(pieces, rest);
  return pieces;
}

function pieceOf(match: RegExpExecArray, depth: number): Inline | null {
  const [whole, escaped, code, strong1, strong2, em1, em2, ...others] = match;
  const links = others.slice(0, LINK_PARTS);
  if (escaped !== undefined) {
    return { kind: "text", text: escaped };
  }
  if (code !== undefined) {
    return { kind: "code", text: code };
  }
  if (links.some((part) => part !== undefined)) {
    return linkedPiece(links, depth);
  }
  const strong = strong1 ?? strong2;
  const words = strong ?? em1 ?? em2;
  if (words === undefined) {
    return /\n$/.test(whole) ? { kind: "break" } : null;
  }
  return depth >= MAX_DEPTH
    ? null
    : { kind: strong === undefined ? "em" : "strong", children: parseInline(words, depth + 1) };
}

/** A picture in a link, a picture, a link, or an address: the parts of one of them are there. */
function linkedPiece(parts: readonly (string | undefined)[], depth: number): Inline | null {
  const [linkedAlt, linkedHref, alt, source, label, href, bare] = parts;
  const picture = linkedHref ?? source;
  if (picture !== undefined) {
    return linkOf(picture, [{ kind: "text", text: linkedAlt || alt || picture }]);
  }
  return label !== undefined && href !== undefined
    ? linkOf(href, parseInline(label, depth + 1))
    : addressOf(bare ?? "");
}

/** A link that shows its address; one whose host has other letters than it is gone to by, that host. */
function addressOf(text: string): Inline | null {
  const href = safeHref(text) ?? "";
  const shown = href !== "" && text.toLowerCase().includes(new URL(href).host) ? text : href;
  return linkOf(text, [{ kind: "text", text: shown }]);
}

function linkOf(href: string, children: Inline[]): Inline | null {
  const safe = safeHref(href);
  if (safe === null) {
    return null;
  }
  const other = safe.startsWith("mailto:") ? "" : otherHost(wordsOf(children), safe);
  if (other !== "") {
    addText(children, ` (${other})`);
  }
  return { kind: "link", href: safe, children };
}

/** Pieces of a line without their marks. */
export function wordsOf(pieces: readonly Inline[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === "break") {
        return " ";
      }
      return "text" in piece ? piece.text : wordsOf(piece.children);
    })
    .join("");
}

function addText(pieces: Inline[], text: string): void {
  const last = pieces.at(-1);
  if (text === "") {
    return;
  }
  if (last?.kind === "text") {
    last.text += text;
  } else {
    pieces.push({ kind: "text", text });
  }
}
