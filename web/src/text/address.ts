/** Links: what the reader sees is where they lead. As `relay/state/weblink.py`. Pure. */

const SAFE_SCHEMES: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);

/** What readers take for a host; a path has no others. */
const NAMED =
  /(?:(?<=\/\/)|(?<![\p{L}\p{M}\p{N}_/@.-]))(?:[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,62}\.){1,8}\p{L}{2,63}/gu;

const UNSEEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const DOTS = /[\u3002\uff61\u2024\uff0e]/g;

/**
 * An address that is safe to follow, made absolute and its host in ASCII; null for any other. A name and a
 * password before the host would pass for one.
 */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    const plain = url.username === "" && url.password === "";
    return SAFE_SCHEMES.has(url.protocol) && plain ? url.href : null;
  } catch {
    return null;
  }
}

/** The host to add to a link of these words, as they name another one; empty if they do not. */
export function otherHost(label: string, href: string): string {
  const real = new URL(href).hostname;
  const folded = label.replace(UNSEEN, "").normalize("NFKC").replace(DOTS, ".");
  const hosts = folded.match(NAMED) ?? [];
  return hosts.every((one) => bare(one.toLowerCase()) === bare(real)) ? "" : real;
}

/** What a link says: its words, and the host where it leads if they name another. */
export function linkText(label: string, href: string): string {
  const other = otherHost(label, href);
  return other === "" ? label : `${label} (${other})`;
}

function bare(host: string): string {
  return host.replace(/^www\./, "");
}
