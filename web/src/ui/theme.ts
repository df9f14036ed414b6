/**
 * Which theme the page wears.
 *
 * The choice lives in a cookie, not in local storage: the gateway reads it and writes `data-theme`
 * into the first byte of the page, so that no page ever flashes in the wrong colours.
 */

/** A theme that the viewer has chosen. */
export type Theme = "dark" | "light";

const COOKIE = "eva_theme";
const YEAR_S = 31_536_000;

/** The theme that a `Cookie` header chooses, or null where it chooses none. */
export function themeOfCookies(cookies: string): Theme | null {
  const value = new RegExp(`(?:^|;\\s*)${COOKIE}=(dark|light)(?:;|$)`).exec(cookies)?.[1];
  return value === "dark" || value === "light" ? value : null;
}

/** The theme in effect: chosen, or the system's. */
export function currentTheme(): Theme {
  const chosen = themeOfCookies(document.cookie);
  return chosen ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
}

/** Puts a chosen theme on the page, where the gateway has not done so. */
export function applyTheme(): void {
  const chosen = themeOfCookies(document.cookie);
  if (chosen !== null) {
    document.documentElement.dataset.theme = chosen;
  }
}

/** Chooses a theme for this and every later page. */
export function chooseTheme(theme: Theme): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari.
  document.cookie = `${COOKIE}=${theme}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax`;
  document.documentElement.dataset.theme = theme;
}

/** Calls back whenever another theme may be in effect; gives the way to end that. */
export function onThemeChange(callback: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: light)");
  const page = new MutationObserver(callback);
  system.addEventListener("change", callback);
  page.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", callback);
    page.disconnect();
  };
}
