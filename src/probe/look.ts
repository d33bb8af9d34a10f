/**
 * Looks in the workspace for the effect of a call, and says what was seen (source W).
 *
 * Always: nothing is changed; no link is followed, neither at the path nor on the way to it; what was read is told
 * with its size and SHA-256.
 * Never: "absent" is said where something later may have taken the effect away again: see `isLast`.
 */
import type { Cite } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { ProbeEvidence } from "../model/evidence.ts";
import { type Files, IoError, type NameKind, type Names } from "../model/ports.ts";
import { editedOnce, type ProbedCall, type ProbePlan, planProbe } from "./plan.ts";

export interface Look {
  readonly files: Files;
  readonly names: Names;
  readonly agent: string;
  /** Absolute path of the session's folder. */
  readonly cwd: string;
}

export interface LookRequest {
  readonly call: ProbedCall;
  /** No later call of the session could have changed what this one did. */
  readonly isLast: boolean;
  /** A tool child may live and change the answer. */
  readonly provisional: boolean;
  /** What the path held before, if earlier calls of the session say so: tells "old content" from "something else". */
  readonly contentBefore?: string;
}

type Seen = Pick<ProbeEvidence, "saw"> & { readonly value: string };
type Saw = ProbeEvidence["saw"];

/** Larger files are not read for a probe. */
const fileBytesMax = 64 * 1024 * 1024;

/** Looks for one call. Never throws on what it finds; a file without permission is "cannot-tell". */
export async function probe(look: Look, request: LookRequest): Promise<ProbeEvidence> {
  const { call, provisional } = request;
  const plan = planProbe(look.agent, call, look.cwd);
  const { saw, value } = await seen(look, plan, request);
  const cite: Cite = {
    source: "W",
    value: citeValue(value),
    ...(plan.kind === "none" ? {} : { path: plan.path }),
    ...(call.attempt === undefined ? {} : { attempt: call.attempt }),
  };
  const at = call.attempt === undefined ? {} : { attempt: call.attempt };
  return { callId: call.id, ...at, saw, provisional, cite };
}

async function seen(look: Look, plan: ProbePlan, request: LookRequest): Promise<Seen> {
  if (plan.kind === "none") return { saw: "cannot-tell", value: plan.why };
  try {
    const kind = await kindAt(look, plan.names);
    if (kind === "link")
      return { saw: "cannot-tell", value: "a link stands in the way; links are not followed" };
    const found = await judged(look.files, plan, kind, request);
    if ((found.saw !== "absent" && found.saw !== "partly") || request.isLast) return found;
    return { saw: "cannot-tell", value: `${found.value}, but later calls may have changed it` };
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return { saw: "cannot-tell", value: `looking failed with ${thrown.code}` };
  }
}

/** Kind of the last name; "link" if any name on the way is one, undefined when something is not there. */
async function kindAt({ names, cwd }: Look, parts: readonly string[]): Promise<NameKind | undefined> {
  let path = cwd.endsWith("/") ? cwd.slice(0, -1) : cwd;
  let kind: NameKind | undefined = "folder";
  for (const part of parts) {
    if (kind !== "folder") return kind === "link" ? "link" : undefined;
    path = `${path}/${part}`;
    kind = await names.kindOf(path);
  }
  return kind;
}

type Planned = Exclude<ProbePlan, { kind: "none" }>;

async function judged(
  files: Files,
  plan: Planned,
  kind: NameKind | undefined,
  { contentBefore }: LookRequest,
): Promise<Seen> {
  switch (plan.kind) {
    case "make-folder":
      if (kind === "folder") return { saw: "present", value: "the folder is there" };
      return kind === undefined
        ? absent("there is no such folder")
        : { saw: "cannot-tell", value: `there is a ${kind}` };
    case "delete":
      return kind === undefined
        ? { saw: "present", value: "nothing is there" }
        : absent(`the ${kind} is there`);
    case "write":
      if (kind === undefined) return absent("there is no such file");
      return kind === "file"
        ? written(files, plan, contentBefore)
        : { saw: "cannot-tell", value: `there is a ${kind}` };
    case "edit":
      return kind === "file"
        ? edited(files, plan, contentBefore)
        : { saw: "cannot-tell", value: kind ?? "there is no such file" };
  }
}

function absent(value: string): Seen {
  return { saw: "absent", value };
}

async function written(
  files: Files,
  { path, content }: Extract<Planned, { kind: "write" }>,
  contentBefore: string | undefined,
): Promise<Seen> {
  const bytes = await readBounded(files, path);
  if (bytes === undefined) return { saw: "cannot-tell", value: "the file is too large to compare" };
  const wanted = new TextEncoder().encode(content);
  const value = `${bytes.length} bytes, SHA-256 ${await sha256(bytes)}; the call writes ${wanted.length} bytes`;
  if (isEqual(bytes, wanted)) return { saw: "present", value: `${value}, the same` };
  const isOld = contentBefore !== undefined && isEqual(bytes, new TextEncoder().encode(contentBefore));
  if (isOld) return absent(`${value}; the file has the content of the call before`);
  // An empty file may have been there before.
  const isBeginning =
    bytes.length > 0 && bytes.length < wanted.length && isEqual(bytes, wanted.subarray(0, bytes.length));
  const saw: Saw = isBeginning ? "partly" : "cannot-tell";
  return { saw, value: isBeginning ? `${value}, of which the file is the beginning` : `${value}, others` };
}

/** A new text that stood elsewhere in the file is no effect: what stood there before must be known to say "present". */
async function edited(
  files: Files,
  { path, before, after }: Extract<Planned, { kind: "edit" }>,
  contentBefore: string | undefined,
): Promise<Seen> {
  const bytes = await readBounded(files, path);
  if (bytes === undefined) return { saw: "cannot-tell", value: "the file is too large to compare" };
  const text = new TextDecoder().decode(bytes);
  const value = `${bytes.length} bytes, SHA-256 ${await sha256(bytes)}`;
  if (contentBefore !== undefined) {
    if (text === contentBefore) return absent(`${value}; the file has the content of the call before`);
    if (text === editedOnce(contentBefore, before, after))
      return { saw: "present", value: `${value}; the content of the call before with this edit made` };
  }
  const hasBefore = text.includes(before);
  const hasAfter = text.includes(after);
  if (hasBefore && !hasAfter) return absent(`${value}; the old text is there, the new one is not`);
  if (hasBefore === hasAfter)
    return {
      saw: "cannot-tell",
      value: `${value}; ${hasBefore ? "both texts are" : "neither text is"} there`,
    };
  const isNew = contentBefore?.includes(before) === true && !contentBefore.includes(after);
  const seenNow = `${value}; the new text is there, the old one is not`;
  return isNew
    ? { saw: "present", value: seenNow }
    : { saw: "cannot-tell", value: `${seenNow}, but it may have stood there before` };
}

async function readBounded(files: Files, path: string): Promise<Uint8Array | undefined> {
  const file = await files.openRead(path);
  if (file === undefined) throw new IoError("ENOENT", path, "open");
  try {
    const size = await file.size();
    return size > fileBytesMax ? undefined : await file.read(0, size);
  } finally {
    await file.close();
  }
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
