/**
 * Executes one job: the plan once, and again where that is asked for or the verdict wants it.
 *
 * Always: a defect is executed twice; two executions of a lockstep plan must have equal traces and signatures, a
 * free plan says in how many of its executions the signature came. No silent retries: every execution counts.
 */
import { rm } from "node:fs/promises";
import path from "node:path";
import { boundaryStaging } from "../boundary/staging.ts";
import type { BoundaryTools } from "../boundary/tools.ts";
import type { RunEnvironment } from "../execute/execution.ts";
import { Ports } from "../execute/ports.ts";
import { executeRun } from "../execute/run.ts";
import type { RunRecord } from "../history.ts";
import type { Subject } from "../subject/contract.ts";
import { loadSubject } from "../subject/load.ts";
import { writeArtifact } from "./artifact.ts";
import { type Assessment, assess } from "./assess.ts";
import type { Job, Outcome } from "./job.ts";
import { addSpent, endedProcessesCpuMs, nothingSpent, type Spent } from "./spent.ts";
import { compare } from "./twice.ts";

export interface WorkPlace {
  /** Folder of this worker; each execution gets a new one in it. */
  readonly dir: string;
  readonly agentBundle: string;
  /** The worker has a pid namespace of its own. */
  readonly isAlone: boolean;
  readonly tools: BoundaryTools;
  /** What the subject has prepared for all workers. */
  readonly shared: string;
}

let executions = 0;
let ports: Promise<Ports> | undefined;
const subjects = new Map<string, Promise<Subject>>();

/** Each worker loads a subject once. */
function subjectOf(name: string): Promise<Subject> {
  const known = subjects.get(name);
  if (known !== undefined) return known;
  const loaded = loadSubject(name);
  subjects.set(name, loaded);
  return loaded;
}

interface Execution {
  readonly record: RunRecord;
  readonly assessment: Assessment;
  readonly spent: Spent;
  readonly dir: string;
}

export async function executeJob(job: Job, place: WorkPlace): Promise<Outcome> {
  const first = await execute(job, place);
  const again = job.times === "twice" || (job.times === "auto" && first.assessment.verdict === "defect");
  const second = again ? await execute(job, place) : undefined;
  const { assessment, shownBy, ...reproduced } =
    second === undefined
      ? { assessment: first.assessment, shownBy: first }
      : compare(job.plan, first, second);
  const kept = assessment.verdict === "pass" ? undefined : await keep(job, shownBy, assessment);
  await Promise.all([first, second].map((one) => one && rm(one.dir, { recursive: true, force: true })));
  return {
    id: job.id,
    ...assessment,
    executions: second === undefined ? 1 : 2,
    ...reproduced,
    mode: job.plan.mode,
    ...(first.record.boundaries === undefined ? {} : { boundaries: first.record.boundaries }),
    durationMs: first.record.durationMs + (second?.record.durationMs ?? 0),
    spent: second === undefined ? first.spent : addSpent(first.spent, second.spent),
    ...(kept === undefined ? {} : { artifact: kept }),
  };
}

/** Writes the artifact; what was found is told also where it cannot be written. Returns where it is. */
async function keep(
  job: Job,
  { record, dir }: Execution,
  assessment: Assessment,
): Promise<string | undefined> {
  const { artifactDir } = job;
  if (artifactDir === undefined) return undefined;
  try {
    await writeArtifact(artifactDir, job, record, assessment, dir);
    return artifactDir;
  } catch (error) {
    process.stderr.write(
      `The artifact ${artifactDir} cannot be written: ${error instanceof Error ? error.message : error}\n`,
    );
    return undefined;
  }
}

async function execute(job: Job, place: WorkPlace): Promise<Execution> {
  const meter = startMeter(place.isAlone);
  executions += 1;
  const dir = path.join(place.dir, `r${executions}`);
  const subject = await subjectOf(job.subject);
  const environment: RunEnvironment = {
    dir,
    port: subject.port ?? (await freePort()),
    agentBundle: place.agentBundle,
    shared: place.shared,
    runId: `hf-${process.pid}-${executions}`,
  };
  const staging =
    job.plan.boundaries === undefined
      ? undefined
      : boundaryStaging(job.plan, subject, environment, place.tools);
  const record = await executeRun(job.plan, subject, environment, staging);
  const judgingFrom = performance.now();
  const assessment = assess(record);
  return { record, assessment, dir, spent: meter(record, performance.now() - judgingFrom) };
}

/** What was ended already when the last execution was measured: its rest counts for the next one. */
let endedBeforeMs: number | undefined;

function startMeter(isAlone: boolean): (record: RunRecord, judgingMs: number) => Spent {
  const started = performance.now();
  const own = process.cpuUsage();
  const before = endedBeforeMs ?? endedProcessesCpuMs(isAlone);
  return ({ spent }, judgingMs) => {
    const { user, system } = process.cpuUsage(own);
    const agents = spent?.agentsCpuMs ?? 0;
    const after = endedProcessesCpuMs(isAlone);
    endedBeforeMs = after;
    return {
      executions: 1,
      wallMs: performance.now() - started,
      waitedMs: { ...nothingSpent.waitedMs, ...spent?.waitedMs },
      judgingMs,
      cpuMs: {
        harness: (user + system) / 1000,
        agents,
        ...(before === undefined || after === undefined ? {} : { servers: after - before - agents }),
      },
    };
  };
}

async function freePort(): Promise<number> {
  ports ??= Ports.claim();
  return (await ports).next();
}
