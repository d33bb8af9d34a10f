/**
 * What to look for in the workspace to settle a call: pure.
 *
 * Always: a path stands inside the session's folder, by its names alone; what leads out of it is not looked at. A call
 * is planned only if its arguments say the whole effect.
 * Never: a shell, a patch or an unknown tool is guessed at.
 */
import { isRecord } from "../model/json.ts";
import { isShortened } from "../model/result.ts";
import { type Tool, toolOf } from "./tools.ts";

/** A call as a probe needs it. */
export interface ProbedCall {
  readonly id: string;
  readonly attempt?: number;
  readonly name: string;
  readonly input: unknown;
}

/** What would be there if the call took effect. `path` is absolute, `names` are its parts below the folder. */
export type ProbePlan =
  | {
      readonly kind: "write";
      readonly path: string;
      readonly names: readonly string[];
      readonly content: string;
    }
  | {
      readonly kind: "edit";
      readonly path: string;
      readonly names: readonly string[];
      readonly before: string;
      readonly after: string;
    }
  | { readonly kind: "make-folder" | "delete"; readonly path: string; readonly names: readonly string[] }
  /** `why` is one sentence. */
  | { readonly kind: "none"; readonly why: string };

/** A text that was shortened on its way cannot be looked for. */
function isWhole(text: string): boolean {
  return !isShortened(text);
}

/** Plans the look at one call. `cwd`: absolute path of the session's folder. */
export function planProbe(agent: string, call: ProbedCall, cwd: string): ProbePlan {
  const tool = toolOf(agent, call.name);
  if (tool === undefined || tool.kind === "read") {
    return none("What this tool did cannot be seen from outside.");
  }
  const input = isRecord(call.input) ? call.input : {};
  const said = textIn(input, tool.path);
  if (said === undefined) return none("The call names no path.");
  const place = placeIn(cwd, said);
  if (place === undefined) return none("The call's path leads out of the session's folder.");
  return planAt(tool, input, place);
}

/** Does the call leave the workspace as it is? */
export function isRead(agent: string, name: string): boolean {
  return toolOf(agent, name)?.kind === "read";
}

interface Place {
  readonly path: string;
  readonly names: readonly string[];
}

function planAt(tool: Tool, input: Readonly<Record<string, unknown>>, place: Place): ProbePlan {
  switch (tool.kind) {
    case "write": {
      const content = textIn(input, tool.content ?? []);
      return content === undefined
        ? none("The call does not say what it writes.")
        : { kind: "write", ...place, content };
    }
    case "edit": {
      const before = textIn(input, tool.before ?? []);
      const after = textIn(input, tool.after ?? []);
      if (before === undefined || after === undefined) return none("The call does not say what it replaces.");
      const isPlain = before !== "" && after !== "" && !before.includes(after) && !after.includes(before);
      return isPlain
        ? { kind: "edit", ...place, before, after }
        : none("Before and after the edit hold the same text.");
    }
    default:
      return { kind: tool.kind === "delete" ? "delete" : "make-folder", ...place };
  }
}

/** The text with `before` replaced by `after`; undefined where it does not hold it, or more than once. */
export function editedOnce(text: string, before: string, after: string): string | undefined {
  const at = text.indexOf(before);
  if (at < 0 || text.indexOf(before, at + 1) >= 0) return undefined;
  return `${text.slice(0, at)}${after}${text.slice(at + before.length)}`;
}

function none(why: string): ProbePlan {
  return { kind: "none", why };
}

function textIn(input: Readonly<Record<string, unknown>>, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = Object.hasOwn(input, key) ? input[key] : undefined;
    if (typeof value === "string" && isWhole(value)) return value;
  }
  return undefined;
}

/** The path's place below `cwd`; undefined for the folder itself and for what leads out of it. */
export function placeIn(cwd: string, said: string): Place | undefined {
  if (said === "" || said.includes("\0") || said.startsWith("~")) return undefined;
  const root = namesOf(cwd);
  const whole = said.startsWith("/") ? namesOf(said) : namesOf(`${cwd}/${said}`);
  if (root === undefined || whole === undefined || whole.length <= root.length) return undefined;
  if (!root.every((name, at) => whole[at] === name)) return undefined;
  return { path: `/${whole.join("/")}`, names: whole.slice(root.length) };
}

/** Names of an absolute path with `.` and `..` resolved; undefined when it climbs over the root. */
function namesOf(path: string): string[] | undefined {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
}
