/**
 * What has gone wrong, in the page's language.
 *
 * The server's own texts are English and for programs' authors. What a viewer has to know is told by a
 * problem's type (`urn:eva-relay:problem:…`), else by its status.
 */

import { msg, str } from "@lit/localize";
import { HttpError, UnreachableError, UnreadableError } from "../transport/errors.ts";
import { formatSeconds } from "../ui/format.ts";
import { locale } from "../ui/locale.ts";

const TYPES = "urn:eva-relay:problem:";

/** A sentence or two for whatever has been thrown. */
export function explain(error: unknown): string {
  if (error instanceof HttpError) {
    const type = error.problem?.type ?? "";
    const kind = type.startsWith(TYPES) ? type.slice(TYPES.length) : "";
    return byKind(kind, error) ?? byStatus(error);
  }
  if (error instanceof UnreachableError) {
    return msg("The server cannot be reached. We keep your page; try again in a moment.");
  }
  if (error instanceof UnreadableError) {
    return msg("The server has answered something unknown. Reload the page.");
  }
  return msg("Something went wrong. Try again.");
}

function byKind(kind: string, error: HttpError): string | null {
  switch (kind) {
    case "closed":
      return msg("It is open to those who come with an invitation.");
    case "forged-viewer":
      return msg("This page is out of date. Reload it and try again.");
    case "too-often":
      return tooOften(error);
    case "watch-first":
      return msg("Watch a little longer, and vote then.");
    case "not-begun":
      return msg("Voting begins with the broadcast.");
    case "comments-closed":
      return msg("Comments are closed.");
    case "name-reserved":
      return msg("This name looks like one of the crew or the desk. Choose another.");
    case "comment-hidden":
      return msg("This comment has been taken away.");
    case "blocked":
      return msg("The team takes no more comments of yours.");
    case "not-yours":
      return msg("Only its author can change a comment.");
    case "edit-time-over":
      return msg("The time for changes is over.");
    default:
      return null;
  }
}

function byStatus(error: HttpError): string {
  switch (error.status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return msg("The server does not take this. Check what you have entered.");
    case 401:
      return msg("It is open to those who come with an invitation.");
    case 403:
      return msg("The server does not allow this.");
    case 404:
      return msg("This is not there any more.");
    case 429:
      return tooOften(error);
    default:
      return error.status >= 500
        ? msg("The server is in trouble. Try again in a moment.")
        : msg("The server has refused this.");
  }
}

function tooOften({ retryAfterMs }: HttpError): string {
  if (retryAfterMs === null) {
    return msg("That was too often. Wait a little.");
  }
  return msg(str`That was too often. Try again in ${formatSeconds(retryAfterMs, locale())}.`);
}
