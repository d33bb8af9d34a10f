/**
 * Aims damage at records of a kind that was harmed least so far.
 *
 * A journal has many records of what was said and few of what was decided, and so has what an agent keeps; a record drawn
 * evenly is seldom the one of a run, a dispatch or an end. Always: every record can be drawn; one in so many is drawn
 * evenly.
 */
import { kindOf, sessionIn } from "../../fault/records.ts";
import type { CutFile, DiskCut, RunRecord } from "../../history.ts";
import type { Damage } from "../../plan/plan.ts";
import type { Random } from "../random.ts";
import { leastMet, met } from "./places.ts";

const evenlyOneIn = 5;

interface Target {
  readonly kind: string;
  readonly place: Pick<Damage, "file" | "record" | "is">;
}

/** What is there to be damaged, and the subject's ids of the plan's sessions. */
export interface Seen {
  readonly files: DiskCut["files"];
  readonly sessionIds: RunRecord["sessionIds"];
}

export class Aim {
  readonly #met = new Map<string, number>();

  /** Which file of the role, and which record of it; undefined where there is none. */
  at(role: Damage["role"], seen: Seen, random: Random): Target["place"] | undefined {
    const targets = targetsOf(role, seen);
    const isEven = random.oneIn(evenlyOneIn);
    const rare = isEven ? targets : leastMet(targets, ({ kind }) => kind, this.#met, random);
    const target = rare[random.below(rare.length)];
    if (target !== undefined) met(this.#met, target.kind);
    return target?.place;
  }
}

const roles: Readonly<Record<string, Damage["role"]>> = { "agent-log": "log", "agent-snapshot": "snapshot" };
const placesMax = { file: 20, record: 50 };

/** Every record of the files of a role, each with the place by which damage means it. */
function targetsOf(role: Damage["role"], { files, sessionIds }: Seen): Target[] {
  return files
    .filter((file) => (roles[file.role] ?? file.role) === role)
    .sort((left, right) => (left.session ?? Infinity) - (right.session ?? Infinity) || 0)
    .flatMap((file, number) => targetsIn(role, file, number, sessionIds));
}

function targetsIn(
  role: Damage["role"],
  { content, base64 }: CutFile,
  file: number,
  sessionIds: Seen["sessionIds"],
): Target[] {
  if (content === undefined || content === "" || base64 === true || file > placesMax.file) return [];
  if (role === "snapshot" || role === "index") return [{ kind: role, place: { file, record: 0 } }];
  const records = content.split("\n").filter((line) => line !== "");
  return records.flatMap((line, at): Target[] => {
    const record = records.length - 1 - at;
    if (record > placesMax.record) return [];
    const is = role === "journal" ? meantBy(line, records.slice(at + 1), sessionIds) : undefined;
    const place = { file, record, ...(is === undefined ? {} : { is }) };
    return [{ kind: `${role} ${kindOf(line) ?? "?"}`, place }];
  });
}

/** What a server decides it writes down when it comes to it; what an agent says has the same order each time. */
function meantBy(
  line: string,
  behind: readonly string[],
  sessionIds: Seen["sessionIds"],
): Damage["is"] | undefined {
  const [kind, session] = [kindOf(line), sessionIn(line, sessionIds)];
  if (kind === undefined) return undefined;
  const isSuch = (other: string) => kindOf(other) === kind && sessionIn(other, sessionIds) === session;
  return { kind, ...(session === undefined ? {} : { session }), nth: behind.filter(isSuch).length };
}
