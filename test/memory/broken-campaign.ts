/** Campaign and replay in memory, to be bundled together with an orchestrator that is wrong on purpose. */
export { MemoryCampaign } from "../../harness/memory/campaign.ts";
export { replayInMemory } from "../../harness/memory/replay.ts";
