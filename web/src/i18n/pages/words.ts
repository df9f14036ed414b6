/** The words of whole pages, for which a player in a frame does not wait. The pages' entries import it. */

import { speakAlso } from "../language.ts";

speakAlso({
  fr: () => import("./fr.json"),
  de: () => import("./de.json"),
  es: () => import("./es.json"),
  it: () => import("./it.json"),
});
