/**
 * The server's lean entry: what a bundle starts with. `--home DIR --port N --agent-path FILE --acp-path FILE
 * --token-file FILE --spool-bytes-max N`.
 *
 * It reads its arguments by hand, because a start is what a run under test costs.
 */
import { listenHttp } from "../host/http.ts";
import { hostProgram } from "../host/program.ts";
import { realWorld } from "../host/world.ts";
import { spoolBytesMaxDefault } from "../session/context.ts";
import { serve } from "./serve.ts";
import { portDefault } from "./settings.ts";

const names = ["--home", "--port", "--agent-path", "--acp-path", "--token-file", "--spool-bytes-max"];

const program = hostProgram();
const given = new Map<string, string>();
for (let index = 0; index < program.args.length; index += 2) {
  const name = program.args[index] ?? "";
  const value = program.args[index + 1];
  if (!names.includes(name) || value === undefined) {
    program.complain(`holdfast: "${name}" is no option, or has no value. Options: ${names.join(", ")}.`);
    program.exit(2);
  } else given.set(name, value);
}
const portText = given.get("--port") ?? String(portDefault);
const port = Number(portText);
if (!/^\d{1,5}$/.test(portText) || port > 65_535) {
  program.complain("holdfast: --port takes a number from 0 to 65535.");
  program.exit(2);
}
const spoolBytesMax = Number(given.get("--spool-bytes-max") ?? spoolBytesMaxDefault);
if (!Number.isSafeInteger(spoolBytesMax) || spoolBytesMax < 1) {
  program.complain("holdfast: --spool-bytes-max takes a number of bytes, at least 1.");
  program.exit(2);
}
const home = given.get("--home");
const agentPath = given.get("--agent-path");
const acpPath = given.get("--acp-path");
const tokenFile = given.get("--token-file");
// Not awaited: where it is bundled as CommonJS there is no top-level await.
void serve(
  {
    port,
    spoolBytesMax,
    ...(home === undefined ? {} : { home }),
    ...(agentPath === undefined ? {} : { agentPath }),
    ...(acpPath === undefined ? {} : { acpPath }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  },
  program,
  realWorld,
  listenHttp,
);
