import { msg, str } from "@lit/localize";
import { runtimeMsg } from "@lit/localize/internal/runtime-msg.js";
import { describe, expect, it } from "vitest";
import de from "../../src/i18n/de.json" with { type: "json" };
import es from "../../src/i18n/es.json" with { type: "json" };
import fr from "../../src/i18n/fr.json" with { type: "json" };
import italian from "../../src/i18n/it.json" with { type: "json" };
import { templatesOf } from "../../src/i18n/templates.ts";

const SOURCES = import.meta.glob<string>("../../src/**/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** `msg("…")` and ``msg(str`…`)``, the only two ways in which the pages speak. */
const SPOKEN = /\bmsg\(\s*(?:"((?:[^"\\]|\\.)*)"|str`((?:[^`\\]|\\.)*)`)\s*,?\s*\)/g;

function sourceTexts(): Set<string> {
  const texts = new Set<string>();
  for (const [name, code] of Object.entries(SOURCES)) {
    const found = [...code.matchAll(SPOKEN)];
    const calls = code.match(/\bmsg\(/g) ?? [];
    expect(found.length, `${name} speaks in a way that this test cannot read`).toBe(calls.length);
    for (const [, plain, filled] of found) {
      texts.add(plain === undefined ? withPlaces(filled ?? "") : JSON.parse(`"${plain}"`));
    }
  }
  return texts;
}

/** Each `${…}`, nested braces included, becomes its number. */
function withPlaces(template: string): string {
  let text = "";
  let depth = 0;
  let places = 0;
  for (let at = 0; at < template.length; at += 1) {
    if (depth === 0 && template.startsWith("${", at)) {
      text += `{${places}}`;
      places += 1;
      depth = 1;
      at += 1;
    } else if (depth === 0) {
      text += template[at];
    } else {
      depth += template[at] === "{" ? 1 : template[at] === "}" ? -1 : 0;
    }
  }
  return text;
}

const placesOf = (text: string): string[] => (text.match(/\{\d+\}/g) ?? []).sort();
const sources = sourceTexts();

describe.each(Object.entries({ fr, de, es, it: italian }))(
  "the message file %s",
  (_name, table) => {
    const entries = Object.entries<string>(table);

    it("has every text of the pages and no other", () => {
      expect(entries.map(([source]) => source).sort()).toEqual([...sources].sort());
    });

    it("keeps every value and leaves nothing empty", () => {
      for (const [source, target] of entries) {
        expect(placesOf(target), source).toEqual(placesOf(source));
        expect(target.trim(), source).not.toBe("");
      }
    });
  },
);

it("addresses people in one way in Spanish", () => {
  const formal =
    /\b(ustedes?|inténtelo|recargue|recárguela|revise|espere|siga|vote|pulse|vuelva|mire|su (página|voto|comentario|nombre|identificador)|sus comentarios)\b/i;
  expect(Object.values(es).filter((text) => formal.test(text))).toEqual([]);
});

describe("templatesOf", () => {
  const templates = templatesOf({
    Share: "Teilen",
    "{0} of {1}": "{1}, davon {0}",
    "{0} on": "{0} an",
  });

  it("is found by @lit/localize, with values moved about", () => {
    const [one, all] = [1, 3];
    expect(runtimeMsg(templates, "Share", undefined)).toBe("Teilen");
    expect(runtimeMsg(templates, str`${one} of ${all}`, undefined)).toBe("3, davon 1");
    expect(runtimeMsg(templates, str`${all} on`, undefined)).toBe("3 an");
  });

  it("leaves English where there is no translation", () => {
    expect(runtimeMsg(templates, "Copy", undefined)).toBe("Copy");
    expect(msg("Copy")).toBe("Copy");
  });
});
