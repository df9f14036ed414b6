import { msg, str } from "@lit/localize";
import { runtimeMsg } from "@lit/localize/internal/runtime-msg.js";
import { describe, expect, it } from "vitest";
import { type Table, templatesOf } from "../../src/i18n/templates.ts";

const SOURCES = import.meta.glob<string>("../../src/**/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});

const TABLES = import.meta.glob<Table>("../../src/i18n/**/*.json", {
  import: "default",
  eager: true,
});

/** `msg("…")` and ``msg(str`…`)``, the only two ways in which the pages speak. */
const SPOKEN = /\bmsg\(\s*(?:"((?:[^"\\]|\\.)*)"|str`((?:[^`\\]|\\.)*)`)\s*,?\s*\)/g;

function textsOf(names: Iterable<string>): Set<string> {
  const texts = new Set<string>();
  for (const name of names) {
    const code = SOURCES[name] ?? "";
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

/** What a module imports of ours, at once or later; what it imports for the types alone is left out. */
const IMPORT = /^(?:import|export)(?! type\b)[^;]*?"(\.[^"]+\.ts)"|\bimport\("(\.[^"]+\.ts)"\)/gm;

/** A module and all that it can ever load. */
function reached(name: string, found = new Set<string>()): Set<string> {
  if (!found.has(name)) {
    found.add(name);
    for (const [, now, later] of SOURCES[name]?.matchAll(IMPORT) ?? []) {
      reached(resolved(name, now ?? later ?? ""), found);
    }
  }
  return found;
}

/** The key in `SOURCES` of what a module imports. */
function resolved(name: string, path: string): string {
  return `../..${new URL(path, `file:///${name.replaceAll("../", "")}`).pathname}`;
}

const everything = textsOf(Object.keys(SOURCES));
const ofPlayer = textsOf(reached("../../src/pages/embed.ts"));
const ofPages = new Set([...everything].filter((text) => !ofPlayer.has(text)));

it("tells what a player in a frame can say from what else pages say", () => {
  expect(ofPlayer).toContain("Live picture");
  expect(ofPlayer).toContain("What could be better?");
  expect(ofPages).toContain("Crew");
});

const files = ["fr", "de", "es", "it"].flatMap(
  (language) =>
    [
      [`${language}.json`, ofPlayer],
      [`pages/${language}.json`, ofPages],
    ] as const,
);

describe.each(files)("the message file %s", (file, sources) => {
  const entries = Object.entries(TABLES[`../../src/i18n/${file}`] ?? {});

  it("has every text that is said there and no other", () => {
    expect(entries.map(([source]) => source).sort()).toEqual([...sources].sort());
  });

  it("keeps every value and leaves nothing empty", () => {
    for (const [source, target] of entries) {
      expect(placesOf(target), source).toEqual(placesOf(source));
      expect(target.trim(), source).not.toBe("");
    }
  });
});

it("addresses people in one way in Spanish", () => {
  const formal =
    /\b(ustedes?|inténtelo|recargue|recárguela|revise|espere|siga|vote|pulse|vuelva|mire|su (página|voto|comentario|nombre|identificador)|sus comentarios)\b/i;
  for (const file of ["es", "pages/es"]) {
    const texts = Object.values(TABLES[`../../src/i18n/${file}.json`] ?? {});
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.filter((text) => formal.test(text))).toEqual([]);
  }
});

const textsIn = (language: string): string[] =>
  [`${language}`, `pages/${language}`].flatMap((file) =>
    Object.values(TABLES[`../../src/i18n/${file}.json`] ?? {}),
  );

it("keeps French signs of two parts on the line of their word", () => {
  expect(textsIn("fr").filter((text) => / [:;!?»]/.test(text))).toEqual([]);
  expect(textsIn("fr").filter((text) => text.includes("\u00a0?")).length).toBeGreaterThan(0);
});

it.each([
  ["fr", /(?<!\p{L})(tu|ton|ta|tes|toi)(?!\p{L})/iu],
  ["de", /\b(Ihnen|Ihren?|Sie (sind|haben|können|müssen))\b/],
  ["it", /\b(Lei|Suo|Sua|riprovi|ricarichi)\b/],
  ["es", /\brelés?\b/i], // the product is called relay
  ["it", /immagine nell’immagine/i],
  ["fr", /\b(retransmission|est) fermée\b/], // closed broadcasts are private ones
])("has one word for one thing in %s: not %s", (language, other) => {
  expect(textsIn(language).filter((text) => other.test(text))).toEqual([]);
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

/** What is written on a control, by its label: who says what is read has to name it (WCAG 2.5.3). */
const WRITTEN_ON = { "Rate this broadcast": "Rate" };

it.each(Object.keys(TABLES).filter((name) => !name.includes("/pages/")))(
  "names controls by what is written on them in %s",
  (name) => {
    const words = (text: string) => String(TABLES[name]?.[text]).toLocaleLowerCase();
    for (const [label, written] of Object.entries(WRITTEN_ON)) {
      expect(words(label)).toContain(words(written));
    }
  },
);
