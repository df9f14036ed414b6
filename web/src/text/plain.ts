/** Markdown's words without its marks. Pure. */

import { parseMarkdown, wordsOf } from "./markdown.ts";

/** The first paragraph of a text in Markdown, as plain words. */
export function plainText(text: string): string {
  const first = parseMarkdown(text).find((one) => one.kind === "paragraph");
  return first?.kind === "paragraph" ? wordsOf(first.children) : "";
}
