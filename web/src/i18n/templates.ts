/** From message files to what @lit/localize looks up. Pure. */

import { generateMsgId } from "@lit/localize/internal/id-generation.js";

/** A message file: the English text and its translation; `{0}`, `{1}` … stand for values. */
export type Table = Readonly<Record<string, string>>;

/** A translated text with places for values, as @lit/localize's `str` makes it. */
interface StrResult {
  strTag: true;
  strings: TemplateStringsArray;
  values: number[];
}

const PLACE = /\{(\d+)\}/;

/** The table of a message file, by @lit/localize's message ids. */
export function templatesOf(table: Table): Record<string, string | StrResult> {
  return Object.fromEntries(
    Object.entries(table).map(([source, target]) => [idOf(source), templateOf(target)]),
  );
}

/** The id under which @lit/localize looks for a text. */
export function idOf(source: string): string {
  const parts = source.split(PLACE).filter((_, index) => index % 2 === 0);
  return generateMsgId(parts.length === 1 ? source : parts, false);
}

function templateOf(target: string): string | StrResult {
  const parts = target.split(PLACE);
  if (parts.length === 1) {
    return target;
  }
  const strings = parts.filter((_, index) => index % 2 === 0);
  return {
    strTag: true,
    strings: Object.assign(strings, { raw: strings }) as TemplateStringsArray,
    // The numbers say which of the source's values stands in this place.
    values: parts.filter((_, index) => index % 2 === 1).map(Number),
  };
}
