/**
 * A fault: one thing that can happen to an orchestrator, and how the harness makes it happen.
 *
 * Always: a fault says which real event it imitates, and fires only at a site, so that it is repeatable in a
 * lockstep plan. What it met is written to the history by the caller.
 */
import type { Execution } from "../execute/execution.ts";
import type { Site } from "../execute/site.ts";
import type { FaultKind } from "../plan/plan.ts";
import type { Abilities } from "../subject/contract.ts";

export interface Injected {
  /** The server is gone and must be started again by the harness. */
  readonly serverGone: boolean;
}

export interface Fault<Kind extends FaultKind["kind"]> {
  readonly kind: Kind;
  /** The real event that this imitates. */
  readonly imitates: string;
  available(can: Abilities, fault: Extract<FaultKind, { kind: Kind }>): boolean;
  inject(run: Execution, fault: Extract<FaultKind, { kind: Kind }>, site: Site): Promise<Injected>;
}
