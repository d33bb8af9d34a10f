/**
 * A place, the bundles that every run needs, and workers, for as long as some work takes.
 *
 * Always: whatever the work does, the workers, what they started, and the folder are gone afterwards.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Counter, makeTools } from "../boundary/tools.ts";
import { bundleOnce } from "../launch/bundle.ts";
import { makeWorkerModule } from "../launch/worker-module.ts";
import type { Subject } from "../subject/contract.ts";
import { makePlace } from "./place.ts";
import { Pool } from "./pool.ts";

/** @throws ShimUnavailable where operations are to be counted by the shim and it cannot be had. */
export async function withPool<T>(
  {
    workers,
    subject,
    counter = "preload",
  }: {
    readonly workers: number;
    readonly subject: Pick<Subject, "port" | "prepare">;
    readonly counter?: Counter;
  },
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const place = await makePlace();
  try {
    const dir = path.join(place.dir, "bundles");
    const shared = path.join(place.dir, "shared");
    const [{ agent }, workerModule, tools] = await Promise.all([
      bundleOnce({ agent: fileURLToPath(new URL("../agent/main.ts", import.meta.url)) }, dir),
      writeWorker(place.dir),
      makeTools(dir, counter),
      subject.prepare?.(shared),
    ]);
    const pool = await Pool.open({
      dir: place.dir,
      workerModule,
      agentBundle: agent,
      tools,
      shared,
      count: workers,
      ownNetwork: subject.port !== undefined,
    });
    try {
      return await work(pool);
    } finally {
      await pool.close();
    }
  } finally {
    await place.remove();
  }
}

async function writeWorker(dir: string): Promise<string> {
  const file = path.join(dir, "worker.mjs");
  await writeFile(file, await makeWorkerModule());
  return file;
}
