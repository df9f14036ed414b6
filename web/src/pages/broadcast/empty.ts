/** What the page shows where there is no broadcast to show. */

import { msg } from "@lit/localize";
import { html, type TemplateResult } from "lit";

/** There is no such broadcast. */
export function gone(): TemplateResult {
  return full(
    "nowhere",
    msg("No broadcast here"),
    msg("It has been taken away, or its address is not right."),
  );
}

/** It cannot be loaded, and is asked for again. */
export function unloadable(trouble: string): TemplateResult {
  return full("nowhere", msg("The broadcast cannot be loaded"), trouble);
}

/** It is there, and not for everybody. */
export function closed(): TemplateResult {
  return full(
    "airlock",
    msg("This broadcast is closed"),
    msg(
      "It is open to those who come with an invitation. If you have one, follow its link again: it may have been used up or have expired.",
    ),
  );
}

function full(seed: string, headline: string, detail: string): TemplateResult {
  return html`<main class="trouble">
    <eva-limb seed=${seed} horizon="0.78" dawn="0.68"></eva-limb>
    <div>
      <h1>${headline}</h1>
      <p>${detail}</p>
      <a href="/">${msg("See all broadcasts")}</a>
    </div>
  </main>`;
}
