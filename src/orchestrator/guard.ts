/**
 * Who may ask: this machine only, no page of another site, and for changes only who has the token.
 *
 * Always: refused before anything is read or looked up.
 */
import type { HttpRequest } from "../model/http.ts";
import { type Answer, refuse } from "./answer.ts";
import { sameToken } from "./token.ts";

const loopbackHost = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/;

/** undefined when the request may pass. */
export function guard(request: HttpRequest, token: string): Answer | undefined {
  // Browsers always send it; what does not is a program of this machine.
  const host = request.headers.get("host") ?? "127.0.0.1";
  if (!loopbackHost.test(host)) {
    return refuse(
      403,
      "foreign-host",
      "This server answers on 127.0.0.1 and localhost only. Use one of them in the URL.",
    );
  }
  const origin = request.headers.get("origin");
  if (origin !== undefined && origin !== `http://${host}`) {
    return refuse(403, "foreign-origin", "Pages of other sites may not use this server.");
  }
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const shown = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  if (shown === undefined) {
    return refuse(
      401,
      "token-missing",
      "Send the header Authorization: Bearer <token>; the token is in the file `token` of the server's home folder.",
    );
  }
  return sameToken(shown, token)
    ? undefined
    : refuse(
        401,
        "token-wrong",
        "The token is not this server's. It is in the file `token` of the server's home folder.",
      );
}
