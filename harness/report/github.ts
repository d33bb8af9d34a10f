/**
 * The report as GitHub workflow commands: an annotation for each defect, on stdout of a step.
 */
import { type CampaignResult, isTrustworthy } from "../campaign/result.ts";
import { prettyReport } from "./pretty.ts";

export function githubReport(result: CampaignResult): string {
  const annotations = [
    ...result.defects.map(({ signature, story, replay }) =>
      command("error", signature, `${story}\n${replay}`),
    ),
    ...result.problems.map(({ plan, verdict, why }) => command("warning", `plan ${plan}: ${verdict}`, why)),
    ...(isTrustworthy(result)
      ? []
      : [command("warning", "This campaign cannot be trusted", `canary: ${result.canary}`)]),
  ];
  return [...annotations, prettyReport(result)].join("\n");
}

function command(level: "error" | "warning", title: string, message: string): string {
  const encode = (text: string) =>
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return `::${level} title=${encode(title).replaceAll(":", "%3A").replaceAll(",", "%2C")}::${encode(message)}`;
}
