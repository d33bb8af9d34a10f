/**
 * Which handler answers which method and path.
 *
 * Always: what a path holds is decoded once, here; what cannot be decoded stays as it came and is an id that nobody has.
 * Hono's router is used without its app, whose handlers take a Request and give a Response; see `model/http.ts`.
 */
import { LinearRouter } from "hono/router/linear-router";
import type { HttpRequest, HttpResponse } from "../model/http.ts";

/** A request that has found its route. */
export interface Routed {
  readonly request: HttpRequest;
  /** A `:name` of the path, decoded. */
  param(name: string): string;
  /** A field of the query; its first value, if any. */
  query(name: string): string | undefined;
}

export type Handler = (routed: Routed) => HttpResponse | Promise<HttpResponse>;

export class Routes {
  readonly #router = new LinearRouter<Handler>();

  get(path: string, handler: Handler): void {
    this.#router.add("GET", path, handler);
  }

  post(path: string, handler: Handler): void {
    this.#router.add("POST", path, handler);
  }

  /** The answer of the route; undefined when there is none. HEAD is answered as GET: see {@link HttpResponse.body}. */
  answer(request: HttpRequest): HttpResponse | Promise<HttpResponse> | undefined {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const [path, query] = partsOf(request.target);
    const [found] = this.#router.match(method, path)[0];
    if (found === undefined) return undefined;
    const [handler, params] = found;
    return handler({
      request,
      param: (name) => decoded(String(params[name] ?? "")),
      query: (name) => new URLSearchParams(query).get(name) ?? undefined,
    });
  }
}

/** Path and query of a request's target. */
export function partsOf(target: string): readonly [path: string, query: string] {
  const mark = target.indexOf("?");
  return mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
