/** Markdown's tree as elements. */

import { html, type TemplateResult } from "lit";
import { type Block, type Inline, parseMarkdown } from "./markdown.ts";

/** A text in Markdown as elements; no HTML is parsed on the way. */
export function markdown(text: string): TemplateResult[] {
  return parseMarkdown(text).map(block);
}

function block(one: Block): TemplateResult {
  switch (one.kind) {
    case "paragraph":
      return html`<p dir="auto">${inlines(one.children)}</p>`;
    case "quote":
      return html`<blockquote><p dir="auto">${inlines(one.children)}</p></blockquote>`;
    case "heading":
      return one.level === 3
        ? html`<h3 dir="auto">${inlines(one.children)}</h3>`
        : html`<h4 dir="auto">${inlines(one.children)}</h4>`;
    case "list": {
      const items = one.items.map((item) => html`<li dir="auto">${inlines(item)}</li>`);
      return one.ordered ? html`<ol>${items}</ol>` : html`<ul>${items}</ul>`;
    }
    case "table":
      return html`<div class="table" tabindex="0">
        <table>
          <thead><tr>${one.head.map((cell) => html`<th scope="col">${inlines(cell)}</th>`)}</tr></thead>
          <tbody>
            ${one.rows.map((row) => html`<tr>${row.map((cell) => html`<td>${inlines(cell)}</td>`)}</tr>`)}
          </tbody>
        </table>
      </div>`;
    case "rule":
      return html`<hr />`;
  }
}

function inlines(pieces: readonly Inline[]): unknown[] {
  return pieces.map(inline);
}

function inline(piece: Inline): unknown {
  switch (piece.kind) {
    case "text":
      return piece.text;
    case "code":
      return html`<code>${piece.text}</code>`;
    case "strong":
      return html`<strong>${inlines(piece.children)}</strong>`;
    case "em":
      return html`<em>${inlines(piece.children)}</em>`;
    case "link":
      return html`<a href=${piece.href} rel="noopener nofollow ugc">${inlines(piece.children)}</a>`;
    case "break":
      return html`<br />`;
  }
}
