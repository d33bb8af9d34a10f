import { pi } from "../../src/agent/pi.ts";
import { conformance } from "./conformance.ts";
import { piFixtures } from "./pi.ts";

conformance(pi, piFixtures);
