/**
 * The languages of the pages: @lit/localize in runtime mode.
 *
 * English stands in the sources. The others are message files that map the English text to its
 * translation, and each is loaded only by those who read it: `de.json` … of all that a player in a frame
 * can say, and `pages/de.json` … of the rest.
 *
 * `@localized()` stands beneath `@customElement()`: an element that is in the page already comes to life
 * the moment it is defined, and would miss what is added to its class afterwards.
 */

import { configureLocalization } from "@lit/localize";
import { isOneOf } from "../protocol/guards.ts";
import { type Table, templatesOf } from "./templates.ts";

/** The languages there are, the source's first. */
export const LANGUAGES = ["en", "fr", "de", "es", "it"] as const;

/** One of {@link LANGUAGES}. */
export type Language = (typeof LANGUAGES)[number];

/** Each language by its own name. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: "English",
  fr: "Français",
  de: "Deutsch",
  es: "Español",
  it: "Italiano",
};

const COOKIE = "eva_lang";
const YEAR_S = 31_536_000;

/** A message file of each language but English. */
type Files = Readonly<Record<string, () => Promise<{ default: Table }>>>;

const spoken: Files[] = [
  {
    fr: () => import("./fr.json"),
    de: () => import("./de.json"),
    es: () => import("./es.json"),
    it: () => import("./it.json"),
  },
];

/** Has the words of further message files at hand; to be called before the first rendering. */
export function speakAlso(files: Files): void {
  spoken.push(files);
}

const { getLocale, setLocale } = configureLocalization({
  sourceLocale: "en",
  targetLocales: LANGUAGES.slice(1),
  loadLocale: async (language) => {
    const tables = await Promise.all(spoken.map((files) => files[language]?.()));
    const templates = tables.flatMap((one) => Object.entries(templatesOf(one?.default ?? {})));
    return { templates: Object.fromEntries(templates) };
  },
});

/** Recognises a {@link Language}. */
export const isLanguage = isOneOf(...LANGUAGES);

/** The language that the gateway has written into the page. */
export function pageLanguage(): Language {
  const language = document.documentElement.lang.split("-")[0];
  return isLanguage(language) ? language : "en";
}

/** The language of the words that `msg` gives at present. */
export function spokenLanguage(): string {
  return getLocale();
}

let ready: Promise<void> | null = null;

/** Resolves once the page's language is there; a first rendering waits for it. */
export function languageReady(): Promise<void> {
  ready ??= use(pageLanguage());
  return ready;
}

/** Switches this page, and every later one, to another language. */
export async function chooseLanguage(language: Language): Promise<void> {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari.
  document.cookie = `${COOKIE}=${language}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax`;
  await use(language);
}

async function use(language: Language): Promise<void> {
  try {
    // The elements follow the `lang` attribute for their numbers and dates, so it changes first.
    document.documentElement.lang = language;
    await setLocale(language);
  } catch {
    // A message file that cannot be loaded leaves the words in English; nothing else is lost.
    document.documentElement.lang = "en";
  }
}
