/**
 * Artifacts: everything about a run that was not green, kept so that it can be replayed and judged again.
 *
 * `plan.json` (replay needs nothing else) · `record.json` (recheck needs nothing else) · `verdict.json` ·
 * `story.md` · `disk/` (the subject's folder and the workspace as they were left) · `logs/`.
 */
import { constants } from "node:fs";
import { access, cp, lstat, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { RunRecord } from "../history.ts";
import { type Plan, PlanSchema } from "../plan/plan.ts";
import type { Assessment } from "./assess.ts";

const MemorySchema = z.strictObject({
  seed: z.int(),
  crashes: z
    .array(
      z.strictObject({
        call: z.int().min(1),
        when: z.enum(["before", "after", "torn", "late"]),
        model: z.enum(["kill", "posix", "ext4", "torn"]),
        state: z.union([z.int(), z.literal("least")]).optional(),
        /** Instead of `state`: how each thing came out that was open when the power failed. */
        picks: z.array(z.int().min(0)).max(1_000).readonly().optional(),
        /** A sync before it that fails and loses what it was to bring. */
        drops: z.int().min(1).optional(),
      }),
    )
    .max(8),
});

/** What `plan.json` holds. */
export const ArtifactPlanSchema = z.strictObject({
  version: z.literal(1),
  subject: z.string(),
  /** How the plan came about: seed and number, scenario, or shrunk from which. */
  origin: z.string(),
  /** First signature that it showed. */
  signature: z.string().optional(),
  plan: PlanSchema,
  /** It ran in memory, and runs there again: its seed, and where the world ended. */
  memory: MemorySchema.optional(),
});
export type ArtifactPlan = z.infer<typeof ArtifactPlanSchema>;
export type MemoryArtifact = z.infer<typeof MemorySchema>;

/**
 * Finds out before a campaign whether artifacts can be written below `dir`; makes nothing.
 *
 * @throws Error with one clear sentence.
 */
export async function requireArtifactFolder(dir: string): Promise<void> {
  for (let folder = path.resolve(dir); ; folder = path.dirname(folder)) {
    const info = await stat(folder).catch((error: NodeJS.ErrnoException) => error.code);
    if ((info === "ENOENT" || info === "ENOTDIR") && folder !== path.dirname(folder)) continue;
    const isFolder = typeof info === "object" && info.isDirectory();
    const isWritable =
      isFolder &&
      (await access(folder, constants.W_OK).then(
        () => true,
        () => false,
      ));
    if (isWritable) return;
    const why =
      isFolder || typeof info === "string" ? `${folder} cannot be written` : `${folder} is no folder`;
    throw new Error(`Artifacts cannot go to ${dir}: ${why}. Choose another folder with --out.`);
  }
}

export async function writeArtifact(
  dir: string,
  header: { readonly subject: string; readonly origin: string; readonly plan: Plan },
  record: RunRecord,
  assessment: Assessment,
  runDir: string,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await Promise.all([
    ...texts(dir, header, record, assessment),
    copyFiles(path.join(runDir, "subject"), path.join(dir, "disk", "subject")),
    copyFiles(path.join(runDir, "workspace"), path.join(dir, "disk", "workspace")),
    copyFiles(path.join(runDir, "logs"), path.join(dir, "logs")),
    copyFiles(path.join(runDir, "ledger"), path.join(dir, "ledger")),
  ]);
}

/** Of a run in memory: everything but files and logs of processes; what its files held is in the record's cuts. */
export async function writeMemoryArtifact(
  dir: string,
  header: Header,
  record: RunRecord,
  assessment: Assessment,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await Promise.all(texts(dir, header, record, assessment));
}

/** `signature`: for which it is kept; without it, the first that it shows. */
type Header = Pick<ArtifactPlan, "subject" | "origin" | "plan" | "memory" | "signature">;

function texts(dir: string, header: Header, record: RunRecord, assessment: Assessment): Promise<void>[] {
  const { subject, origin, memory, signature = assessment.defects[0]?.signature } = header;
  const plan: ArtifactPlan = {
    version: 1,
    subject,
    origin,
    plan: header.plan,
    ...(signature === undefined ? {} : { signature }),
    ...(memory === undefined ? {} : { memory }),
  };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return [
    writeFile(path.join(dir, "plan.json"), json(plan)),
    writeFile(path.join(dir, "record.json"), JSON.stringify(record)),
    writeFile(path.join(dir, "verdict.json"), json(assessment)),
    writeFile(path.join(dir, "story.md"), storyOf(plan, assessment)),
  ];
}

/**
 * FIFOs and sockets of a live run are no evidence and cannot be copied. Nor is a link: whoever hands the artifact on would
 * hand on what it leads to. Secrets stay where they are, also half made.
 */
async function copyFiles(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    filter: async (source) => {
      const status = await lstat(source).catch(() => undefined);
      const isKept = status !== undefined && (status.isFile() || status.isDirectory());
      return isKept && !/^token(\.tmp-.*)?$/.test(path.basename(source));
    },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

function storyOf(plan: ArtifactPlan, { verdict, why, defects }: Assessment): string {
  const lines = [
    `# ${verdict}: ${defects[0]?.signature ?? why ?? ""}`,
    "",
    `Subject ${plan.subject}, ${plan.origin}.`,
    "",
  ];
  for (const defect of defects) lines.push(`- **${defect.promise}** (${defect.kind}): ${defect.story}`);
  return `${lines.join("\n")}\n`;
}

/** Reads the plan of an artifact: its folder, or a plan file itself. Throws an Error with one clear sentence. */
export async function readArtifactPlan(target: string): Promise<ArtifactPlan> {
  const info = await stat(target).catch(() => undefined);
  if (info === undefined)
    throw new Error(
      `There is no artifact at ${target}. Give the folder that a campaign printed, or its plan.json.`,
    );
  const file = info.isDirectory() ? path.join(target, "plan.json") : target;
  return parseFile(file, ArtifactPlanSchema, "a plan.json as `pnpm chaos` writes it");
}

/** Reads the record of an artifact; checked only as far as a judge needs it. Throws an Error with one clear sentence. */
export async function readArtifactRecord(target: string): Promise<RunRecord> {
  const info = await stat(target).catch(() => undefined);
  if (info === undefined)
    throw new Error(`There is no stored run at ${target}. Give the folder that a campaign printed.`);
  const file = info.isDirectory() ? path.join(target, "record.json") : target;
  const record = await parseFile(file, RecordShapeSchema, "a record.json as `pnpm chaos` writes it");
  // In JSON what was never acknowledged is null, and no id.
  const sessionIds = record.sessionIds.map((id) => id ?? undefined);
  return { ...record, sessionIds } as unknown as RunRecord;
}

const RecordShapeSchema = z.looseObject({
  plan: PlanSchema,
  subject: z.looseObject({ name: z.string(), can: z.looseObject({}) }),
  history: z.array(z.looseObject({ t: z.string(), kind: z.string() })),
  ledgers: z.array(z.array(z.looseObject({ t: z.string(), kind: z.string() }))),
  cuts: z.array(z.looseObject({ cut: z.number(), label: z.string() })),
  tokens: z.array(z.looseObject({ step: z.string() })),
  sessionIds: z.array(z.union([z.string(), z.null()])),
});

async function parseFile<T>(file: string, schema: z.ZodType<T>, expected: string): Promise<T> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read (${error.code ?? error.message}). Expected ${expected}.`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON. Expected ${expected}.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${file} is not ${expected}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}.`);
}
