/**
 * The faults by kind: the one list that a new fault is added to.
 */
import type { Execution } from "../execute/execution.ts";
import type { Site } from "../execute/site.ts";
import type { FaultKind } from "../plan/plan.ts";
import type { Abilities } from "../subject/contract.ts";
import type { Injected } from "./contract.ts";
import { disconnect } from "./disconnect.ts";
import { freeze } from "./freeze.ts";
import { kill } from "./kill.ts";
import { reload } from "./reload.ts";
import { term } from "./term.ts";

/**
 * Names for `--faults`. Two are no faults of a round: `damage` happens between a kill and the restart; with `boundary`
 * the server ends itself at one of its own operations on files.
 */
export const faultNames = ["kill", "term", "reload", "freeze", "disconnect", "damage", "boundary"] as const;
export type FaultName = (typeof faultNames)[number];

export function isAvailable(can: Abilities, fault: FaultKind): boolean {
  switch (fault.kind) {
    case "kill":
      return kill.available(can, fault);
    case "term":
      return term.available(can, fault);
    case "reload":
      return reload.available(can, fault);
    case "freeze":
      return freeze.available(can, fault);
    case "disconnect":
      return disconnect.available(can, fault);
  }
}

export function inject(run: Execution, fault: FaultKind, site: Site): Promise<Injected> {
  switch (fault.kind) {
    case "kill":
      return kill.inject(run, fault, site);
    case "term":
      return term.inject(run, fault, site);
    case "reload":
      return reload.inject(run, fault, site);
    case "freeze":
      return freeze.inject(run, fault, site);
    case "disconnect":
      return disconnect.inject(run, fault, site);
  }
}
