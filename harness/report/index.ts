/**
 * The reporters by name.
 */
import type { CampaignResult } from "../campaign/result.ts";
import { githubReport } from "./github.ts";
import { jsonReport } from "./json.ts";
import { junitReport } from "./junit.ts";
import { prettyReport } from "./pretty.ts";

export const reporters: Readonly<Record<string, (result: CampaignResult) => string>> = {
  pretty: prettyReport,
  json: jsonReport,
  junit: junitReport,
  github: githubReport,
};
