/**
 * Order over one run without a crash: nothing is published before what it depends on is on the disk.
 *
 * Published is what a client is shown or told, what is renamed into place, and an agent that is started. What it
 * depends on is looked up at that very moment in what a power cut would be sure to leave.
 * Not able to: say that anything is lost; power cuts do that (power.ts). It names the step that is out of order.
 */
import type { HistoryEntry } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import type { PortCall } from "./calls.ts";
import { executeWithCrashes } from "./crash.ts";
import { type Disk, FileNode, FolderNode } from "./disk.ts";
import type { MemoryRun } from "./execute.ts";

/** Runs the plan, and tells each thing that was published too early, once. */
export async function ordersBroken(plan: Plan, seed: number): Promise<readonly string[]> {
  const broken = new Set<string>();
  let seen = 0;
  const lookAtHistory = (made: MemoryRun) => {
    const { entries } = made.run.recorder;
    for (; seen < entries.length; seen += 1) {
      const entry = entries[seen];
      const why = entry === undefined ? undefined : ofEntry(made, entry);
      if (why !== undefined) broken.add(why);
    }
  };
  await executeWithCrashes(plan, seed, [], {
    watch: (call, made) => {
      lookAtHistory(made);
      const why = ofCall(made, call);
      if (why !== undefined) broken.add(why);
    },
    done: (_, made) => lookAtHistory(made),
  });
  return [...broken];
}

/** What is about to happen. */
function ofCall({ computer, run }: MemoryRun, { op, path }: PortCall): string | undefined {
  const { disk } = computer;
  if (op !== "startAgent") return undefined;
  for (const name of ["", "/spool", "/stdin", "/alive"]) {
    if (!isDurable(disk, `${path}${name}`)) return `an agent is started while its attempt${name} may be lost`;
  }
  const [, session = "", attempt = ""] = /\/sessions\/([^/]+)\/attempts\/(\d+)$/.exec(path) ?? [];
  const journal = durableJournal(disk);
  if (
    !journal.includes(`"dispatch"\t{"sessionId":"${session}"`) ||
    !journal.includes(`"attempt":${attempt},"prompt"`)
  )
    return "an agent is started before its dispatch is on the disk";
  const store = `${run.context.workspace}/.coding-agent/sessions`;
  const folder = disk.at(store);
  const names = folder instanceof FolderNode && Number(attempt) > 1 ? [...folder.entries.keys()] : [];
  // What the agent left there itself is its own; what we put in place of it must stay.
  const ours = names.filter((name) => name.endsWith(".json") && isOurs(disk, `${store}/${name}`));
  if (ours.some((name) => !isDurable(disk, `${store}/${name}`)))
    return "an agent is resumed while the snapshot that was put in place for it may be lost";
  return undefined;
}

/** Agents sync nothing: a file with synced content is one that we wrote. */
function isOurs(disk: Disk, path: string): boolean {
  const node = disk.at(path);
  return node instanceof FileNode && node.synced.length > 0;
}

/** What somebody has just been told. */
function ofEntry({ computer }: MemoryRun, entry: HistoryEntry): string | undefined {
  const { disk } = computer;
  if (entry.kind === "submitted" && !durableJournal(disk).includes(`"key":"${entry.key}"`))
    return "a submit is acknowledged before its run is on the disk";
  if (entry.kind !== "shown" || entry.event.cursor === undefined) return undefined;
  const [epoch = "", attempt = "", byteOffset = "0"] = entry.event.cursor.split(".");
  const journal = durableJournal(disk);
  const session = new RegExp(`"sessionId":"([0-9a-f]+)"[^\\n]*"epoch":"${epoch}"`).exec(journal)?.[1];
  if (session === undefined) return "an event is shown of a session that may be lost";
  if (byteOffset === "0" || attempt === "0") return undefined;
  const spool = `/run/subject/home/sessions/${session}/attempts/${attempt}/spool`;
  const node = disk.at(spool);
  const bytes = node instanceof FileNode && isDurable(disk, spool) ? node.synced.length : 0;
  if (bytes < Number(byteOffset)) return "an event is shown before its line is on the disk";
  const covered = new RegExp(
    `"cover"\\t\\{"sessionId":"${session}","attempt":${attempt},[^\\n]*[\\[,]${byteOffset}[\\],]`,
  );
  return covered.test(journal) ? undefined : "an event is shown before its cover is on the disk";
}

/** Is the path there, whatever a power cut leaves? */
function isDurable(disk: Disk, path: string): boolean {
  let at: unknown = disk.root;
  for (const name of path.slice(1).split("/")) {
    if (!(at instanceof FolderNode)) return false;
    at = at.durable.get(name);
  }
  return at !== undefined && at === disk.at(path);
}

function durableJournal(disk: Disk): string {
  const folder = disk.at("/run/subject/home/journal");
  if (!(folder instanceof FolderNode) || !isDurable(disk, "/run/subject/home/journal")) return "";
  return [...folder.durable.values()]
    .map((node) => (node instanceof FileNode ? Buffer.from(node.synced).toString("latin1") : ""))
    .join("");
}
