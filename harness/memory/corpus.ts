/**
 * The corpus: runs in memory that are worth running again, kept from one campaign to the next and run first.
 *
 * A run is kept when it broke a promise, or came to a pair of crash point and disk state that no kept run had come to.
 * Always: one file of JSON lines, bounded; of two runs for the same thing the failing, then the faster, then the older
 * stays, so that merging is the same in any order of the folders but for ties.
 * Never: a line that cannot be read, or whose plan cannot be run in memory, stops a campaign; it is left out.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ArtifactPlanSchema } from "../campaign/artifact.ts";
import { isForMemory } from "./execute.ts";

const EntrySchema = z.strictObject({
  /** As an artifact has it: plan, seed, crashes. */
  run: ArtifactPlanSchema,
  /** What it broke. */
  signatures: z.array(z.string()).max(40),
  /** Pairs of crash point and disk state that it came to, as hashes. */
  pairs: z.array(z.int()).max(16),
  cpuMs: z.number().min(0),
  /** When it was first kept, in milliseconds since 1970. */
  atMs: z.int().min(0),
});
export type CorpusEntry = z.infer<typeof EntrySchema>;

const fileName = "corpus.jsonl";
const bytesMax = 64 * 1024 * 1024;
/** A campaign runs them all before anything else: seconds, not minutes. */
const entriesMax = 400;

/**
 * The runs kept in a folder; none where there is none.
 *
 * @throws Error with one clear sentence for one that is there and cannot be read: it would be taken for none, and replaced.
 */
export async function readCorpus(folder: string): Promise<CorpusEntry[]> {
  const file = path.join(folder, fileName);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new Error(`The corpus ${file} cannot be read (${error.code ?? error.message}). Mend or remove it.`);
  });
  if (text.length > bytesMax)
    throw new Error(`The corpus ${file} is longer than ${bytesMax} characters. Remove it to begin anew.`);
  return text.split("\n").flatMap((line) => {
    const parsed = EntrySchema.safeParse(jsonOf(line));
    if (!parsed.success) return [];
    const { memory, plan } = parsed.data.run;
    return memory !== undefined && isForMemory(plan) ? [parsed.data] : [];
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Keeps these runs in a folder, whole or not at all. */
export async function writeCorpus(folder: string, entries: readonly CorpusEntry[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, fileName);
  await writeFile(`${file}.new`, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  await rename(`${file}.new`, file);
}

/**
 * Merges what several campaigns kept: for each signature and each pair the run that is preferred, and no other.
 *
 * @example await writeCorpus("corpus", mergeCorpora([await readCorpus("shard-1"), await readCorpus("shard-2")]));
 */
export function mergeCorpora(corpora: readonly (readonly CorpusEntry[])[]): CorpusEntry[] {
  const all = corpora.flat().sort(byPreference);
  const known = new Set<string>();
  const kept: CorpusEntry[] = [];
  for (const entry of all) {
    const news = [...entry.signatures, ...entry.pairs.map(String)].filter((one) => !known.has(one));
    if (news.length === 0 || kept.length >= entriesMax) continue;
    for (const one of news) known.add(one);
    kept.push(entry);
  }
  return kept;
}

function byPreference(left: CorpusEntry, right: CorpusEntry): number {
  const fails = Number(right.signatures.length > 0) - Number(left.signatures.length > 0);
  return fails || left.cpuMs - right.cpuMs || left.atMs - right.atMs;
}
