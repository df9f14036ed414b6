/** Markdown's words without its marks. Pure. */

import { type Inline, parseMarkdown } from "./markdown.ts";

/** The first paragraph of a text in Markdown, as plain words. */
export function plainText(text: string): string {
  const first = parseMarkdown(text).find((one) => one.kind === "paragraph");
  return first?.kind === "paragraph" ? words(first.children) : "";
}

function words(pieces: readonly Inline[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === "break") {
        return " ";
      }
      return "text" in piece ? piece.text : words(piece.children);
    })
    .join("");
}
