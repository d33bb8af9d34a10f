/**
 * All seeded bugs.
 *
 * Always: an id stands once; each class has some. They are in no build of the package.
 */
import type { Bug } from "../../harness/strength/bug.ts";
import { bugs as a } from "./a-still-running.ts";
import { bugs as b } from "./b-dangling-calls.ts";
import { bugs as c } from "./c-torn-records.ts";
import { bugs as d } from "./d-history-lost.ts";
import { bugs as e } from "./e-side-effects.ts";
import { bugs as f } from "./f-second-drivers.ts";
import { bugs as g } from "./g-stale-claims.ts";
import { bugs as h } from "./h-identity.ts";
import { bugs as i } from "./i-accepted-work.ts";
import { bugs as j } from "./j-reconnect.ts";
import { bugs as k } from "./k-snapshot-and-record.ts";
import { bugs as l } from "./l-crash-loops.ts";

export const bugs: readonly Bug[] = [...a, ...b, ...c, ...d, ...e, ...f, ...g, ...h, ...i, ...j, ...k, ...l];
