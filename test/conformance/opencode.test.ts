import { opencode } from "../../src/agent/opencode.ts";
import { hostDatabases } from "../../src/host/databases.ts";
import { conformance } from "./conformance.ts";
import { opencodeFixtures } from "./opencode.ts";

conformance(opencode, opencodeFixtures, { around: { databases: hostDatabases() } });
