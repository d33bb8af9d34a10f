/**
 * The orchestrator's ports and its server, as this tier drives them.
 *
 * Always: besides `subject/reference`, the one file of the harness that imports from `src`: the orchestrator that
 * runs in memory is the unmodified one.
 */
export type { HttpPieces, HttpRequest, HttpResponse } from "../../src/model/http.ts";
export {
  type AgentStart,
  type Agents,
  type AppendFile,
  type Clock,
  type FileStat,
  type Files,
  type Ids,
  IoError,
  type Processes,
  type ProcessIdentity,
  type ReadFile,
  type Watch,
  type World,
} from "../../src/model/ports.ts";
export { startServer } from "../../src/orchestrator/server.ts";
