/** Repairing agents' stores: public names, by hand. */
export { diffLines } from "./diff.ts";
export { planRepair, type RepairedSession, type RepairPlan, type RepairStep } from "./plan.ts";
export { carryOut, type RepairDone, type RepairWorld } from "./write.ts";
