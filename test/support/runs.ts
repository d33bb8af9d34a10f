/**
 * Runs plans on real processes inside a test file: one folder and one bundle a file, reaped at the end.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { boundaryStaging } from "../../harness/boundary/staging.ts";
import { type BoundaryTools, type Counter, makeTools } from "../../harness/boundary/tools.ts";
import { type Assessment, assess } from "../../harness/campaign/assess.ts";
import { type CampaignPlace, makePlace } from "../../harness/campaign/place.ts";
import { Ports } from "../../harness/execute/ports.ts";
import { executeRun } from "../../harness/execute/run.ts";
import type { RunRecord } from "../../harness/history.ts";
import { bundleOnce } from "../../harness/launch/bundle.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import type { Subject } from "../../harness/subject/contract.ts";

const agentEntry = fileURLToPath(new URL("../../harness/agent/main.ts", import.meta.url));

export interface JudgedRun {
  readonly record: RunRecord;
  readonly assessment: Assessment;
}

export class Runs {
  private count = 0;
  private readonly tools = new Map<Counter, Promise<BoundaryTools>>();

  private constructor(
    private readonly place: CampaignPlace,
    private readonly agentBundle: string,
    private readonly ports: Ports,
  ) {}

  static async open(): Promise<Runs> {
    const place = await makePlace();
    const { agent } = await bundleOnce({ agent: agentEntry }, path.join(place.dir, "bundles"));
    return new Runs(place, agent, await Ports.claim());
  }

  async run(plan: Plan, subject: Subject): Promise<JudgedRun> {
    this.count += 1;
    const environment = {
      dir: path.join(this.place.dir, `r${this.count}`),
      port: await this.ports.next(),
      agentBundle: this.agentBundle,
      runId: `hf-test-${process.pid}-${this.count}`,
    };
    const record =
      plan.boundaries === undefined
        ? await executeRun(plan, subject, environment)
        : await executeRun(
            plan,
            subject,
            environment,
            boundaryStaging(plan, subject, environment, await this.madeTools(plan.boundaries.by)),
          );
    return { record, assessment: assess(record) };
  }

  private madeTools(counter: Counter): Promise<BoundaryTools> {
    const tools =
      this.tools.get(counter) ?? makeTools(path.join(this.place.dir, `tools-${counter}`), counter);
    this.tools.set(counter, tools);
    return tools;
  }

  async close(): Promise<void> {
    await this.ports.release();
    await this.place.remove();
  }
}

/** The defects in a form that a failing test prints well. */
export function told({ assessment, record }: JudgedRun): unknown {
  const { verdict, why, defects } = assessment;
  return {
    verdict,
    why,
    infra: record.infra,
    defects: defects.map(({ signature, story }) => `${signature}: ${story}`),
  };
}
