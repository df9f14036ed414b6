/** The language that the page is written in. */

/**
 * A BCP 47 tag for dates and numbers: the page's language, in the reader's regional kind of it. A
 * reader of British English gets British dates on an English page.
 */
export function locale(): string {
  const language = document.documentElement.lang || "en";
  return navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
}
