/**
 * The campaign's folder, and what earlier campaigns left.
 *
 * Always: a campaign folder names its owner (pid and start time); the next start ends and removes what belongs to
 * an owner that is gone, and nothing else.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { dir } from "tmp-promise";
import { z } from "zod";
import { isAlive, reapMarked, startTimeOf } from "../execute/processes.ts";

const prefix = "holdfast-chaos-";
const OwnerSchema = z.object({ pid: z.number(), startTime: z.string() });

export interface CampaignPlace {
  readonly dir: string;
  remove(): Promise<void>;
}

export async function makePlace(): Promise<CampaignPlace> {
  await clearAbandoned();
  const made = await dir({ prefix, unsafeCleanup: true });
  const startTime = (await startTimeOf(process.pid)) ?? "";
  await writeFile(path.join(made.path, "owner.json"), JSON.stringify({ pid: process.pid, startTime }));
  return {
    dir: made.path,
    async remove() {
      await reapMarked(made.path);
      await rm(made.path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Ends and removes what campaigns left whose process was killed; returns their folders. */
export async function clearAbandoned(): Promise<string[]> {
  const abandoned: string[] = [];
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const folder = path.join(tmpdir(), name);
    const text = await readFile(path.join(folder, "owner.json"), "utf8").catch(() => undefined);
    // Without an owner yet it is being made by another campaign this very moment.
    if (text === undefined) continue;
    const owner = OwnerSchema.safeParse(parseJson(text));
    if (!owner.success || (await isAlive(owner.data))) continue;
    await reapMarked(folder);
    await rm(folder, { recursive: true, force: true });
    abandoned.push(folder);
  }
  return abandoned;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
