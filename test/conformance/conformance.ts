/**
 * What every adapter must do with every fixture: one function, run for each agent.
 *
 * Always: an expectation is written by hand, with where each line comes from; damage may cost knowledge and never
 * makes any: no input throws, and no call is done whose result stands in no source.
 */
import { describe, expect, test } from "vitest";
import type { AgentAdapter } from "../../src/agent/contract.ts";
import { knowsOf } from "../../src/agent/resume-hand-over.ts";
import type { SessionRead, Surroundings } from "../../src/agent/resume-types.ts";
import type { AttemptEvidence, Evidence, SourceCut } from "../../src/model/evidence.ts";
import type { Fact } from "../../src/model/fact.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { type Expected, type Fixture, notation } from "./fixture.ts";
import { type Disk, diskFiles } from "./memory.ts";

const text = new TextDecoder();
const newline = 0x0a;

export interface Options {
  /** What an adapter needs besides files, for example a reader of databases. */
  readonly around?: Partial<Surroundings>;
  /** Cuts at every byte; otherwise at every byte of the last record and each 13th before it. */
  readonly everyByte?: boolean;
}

/** Runs the suite. */
export function conformance(
  adapter: AgentAdapter,
  fixtures: readonly Fixture[],
  { around = {}, everyByte = false }: Options = {},
): void {
  describe.each(fixtures)(`${adapter.kind}: $name`, (fixture) => {
    const rig = new Rig(adapter, fixture, around);

    test("the store is found and names its session and version", async () => {
      const found = await rig.locate(fixture.disk);
      expect(found.map(({ id, agent }) => `${agent} ${id}`)).toEqual([
        `${adapter.kind} ${fixture.sessionId}`,
      ]);
      expect(adapter.isSessionId(fixture.sessionId)).toBe(true);
      const { versions, sources } = await rig.read(fixture.disk);
      expect(versions.at(-1)).toBe(fixture.version);
      for (const cut of sources) expectBytes(cut, fixture);
    });

    test("stream and store agree on the calls", async () => {
      const { sources } = await rig.read(fixture.disk);
      const matched = rig.matched([rig.stream(fixture.stdout), ...sources]);
      const inStore = callsIn(matched.filter(({ source }) => source !== "O"));
      const inStream = callsIn(matched.filter(({ source }) => source === "O"));
      for (const [key, name] of inStream) if (inStore.has(key)) expect(inStore.get(key)).toBe(name);
      expect([...inStream.keys(), ...inStore.keys()].length).toBeGreaterThan(0);
    });

    test("what the model will be sent", async () => {
      const { sent } = await rig.read(fixture.disk);
      expect(notation(sent)).toEqual(fixture.sent);
      if (fixture.reallySent !== undefined) expect(notation(sent)).toEqual(fixture.reallySent);
    });

    test("the verdict with our record of the stream", async () => {
      const read = await rig.read(fixture.disk);
      expectVerdict(rig.judge(read, fixture.stdout), read, fixture.withStream);
    });

    test("the verdict from the store alone", async () => {
      const read = await rig.read(fixture.disk);
      expectVerdict(rig.judge(read, undefined), read, fixture.storeOnly);
    });

    test("reading twice says the same", async () => {
      expect(await rig.read(fixture.disk)).toEqual(await rig.read(fixture.disk));
    });

    test("cut at every byte of the log", async () => {
      const whole = fixture.disk[fixture.logPath] ?? new Uint8Array(0);
      for (const at of cutsOf(whole, everyByte, fixture.variants !== undefined)) {
        await rig.expectHonest({ ...fixture.disk, [fixture.logPath]: whole.subarray(0, at) }, undefined);
      }
    });

    test("cut at every byte of the stream", async () => {
      const read = await rig.read(fixture.disk);
      const bare: SessionRead = { ...read, sources: [] };
      for (const at of cutsOf(fixture.stdout, everyByte, false)) {
        const part = fixture.stdout.subarray(0, at);
        rig.expectProven(rig.judge(bare, part), [part]);
      }
    });

    test("each record removed, doubled, swapped, run together with the next", async () => {
      for (const disk of fixture.variants?.() ?? lineVariants(fixture))
        await rig.expectHonest(disk, undefined);
      for (const lines of variantsOf(linesOf(fixture.stdout))) await rig.expectHonest(fixture.disk, lines);
    });

    test("each byte range of a record as NUL", async () => {
      const whole = fixture.disk[fixture.logPath] ?? new Uint8Array(0);
      for (let at = 0; at < whole.length; at += whole.length > 32_768 ? 997 : 97) {
        const holed = whole.slice();
        holed.fill(0, at, at + 64);
        await rig.expectHonest({ ...fixture.disk, [fixture.logPath]: holed }, undefined);
      }
    });

    test("a store that is not there, empty, a folder, without permission, of another kind", async () => {
      const found = await rig.locate(fixture.disk);
      const strange: Disk[] = [
        {},
        { [fixture.logPath]: new Uint8Array(0) },
        { [`${fixture.logPath}/x`]: new Uint8Array(1) },
        { [fixture.logPath]: new TextEncoder().encode("#!/bin/sh\necho not a store\n") },
        { [fixture.logPath]: new TextEncoder().encode('{"type":"strange","n":[1]}\n[1]\n"x"\nnull\n{}\n') },
        { [fixture.logPath]: Uint8Array.from({ length: 3_000 }, (_, at) => (at * 7_919) % 256) },
      ];
      for (const disk of strange) {
        for (const one of found) {
          const read = await adapter.store?.read(diskFiles(disk), one, rig.around);
          if (read !== undefined) rig.expectProven(rig.judge(read, undefined), []);
        }
      }
      for (const one of found) {
        const denied = diskFiles(fixture.disk, new Set(Object.keys(fixture.disk)));
        const read = await adapter.store?.read(denied, one, rig.around);
        expect(read?.sources.map(({ status }) => status)).toContain("unreadable");
      }
    });
  });
}

class Rig {
  readonly around: Surroundings;
  readonly #adapter: AgentAdapter;
  readonly #fixture: Fixture;

  constructor(adapter: AgentAdapter, fixture: Fixture, around: Partial<Surroundings>) {
    this.#adapter = adapter;
    this.#fixture = fixture;
    this.around = { home: fixture.home, env: {}, ...around };
  }

  async locate(disk: Disk) {
    return (await this.#adapter.store?.locate(diskFiles(disk), this.#fixture.cwd, this.around)) ?? [];
  }

  /** Reads the fixture's session from a disk on which it may be damaged. */
  async read(disk: Disk): Promise<SessionRead> {
    const [found] = await this.locate(this.#fixture.disk);
    const store = this.#adapter.store;
    if (found === undefined || store === undefined) throw new Error("the fixture's session was not found");
    return store.read(diskFiles(disk), found, this.around);
  }

  stream(stdout: Uint8Array): SourceCut {
    const facts: Fact[] = [];
    for (const { fromByte, toByte, line } of linesWithBytes(stdout)) {
      this.#adapter.decodeLine(line).forEach((body, k) => {
        facts.push({ source: "O", path: "/spool", range: { fromByte, toByte }, k, attempt: 1, body });
      });
    }
    return {
      source: "O",
      path: "/spool",
      status: "read",
      abilities: this.#adapter.abilities.O,
      facts,
      damage: [],
    };
  }

  matched(sources: readonly SourceCut[]): readonly SourceCut[] {
    return this.#adapter.matchStream?.(sources) ?? sources;
  }

  judge(read: SessionRead, stdout: Uint8Array | undefined): Verdict {
    const stream = stdout === undefined ? [] : [this.stream(stdout)];
    const evidence: Evidence = {
      schema: 1,
      session: { id: this.#fixture.sessionId, agent: this.#adapter.kind, gated: false },
      attempts: stdout === undefined ? [] : this.#attempts(),
      sources: this.matched([...stream, ...read.sources]),
      decisions: [],
      probes: [],
      bootChanged: false,
      resumesFrom: this.#adapter.resumesFrom,
    };
    return reconcile(evidence);
  }

  #attempts(): AttemptEvidence[] {
    const { prompt, laterPrompts = [] } = this.#fixture;
    return [prompt, ...laterPrompts].map((text, index) => ({
      attempt: index + 1,
      runId: `run-${index + 1}`,
      prompt: text,
      started: "yes",
      liveness: "dead",
      processCite: { source: "P", value: "no such process" },
      dispatchCite: { source: "J", value: `dispatch ${index + 1}` },
    }));
  }

  async expectHonest(disk: Disk, stdout: Uint8Array | undefined): Promise<void> {
    const read = await this.read(disk);
    this.expectProven(this.judge(read, stdout), [...Object.values(disk), stdout ?? new Uint8Array(0)]);
  }

  /** No call is done without its result's bytes in one of the sources. */
  expectProven(verdict: Verdict, sources: readonly Uint8Array[]): void {
    const texts = sources.map((bytes) => text.decode(bytes));
    for (const { id, effect } of verdict.calls) {
      if (effect !== "done") continue;
      const proofs = this.#fixture.proofs[id] ?? [];
      const isProven = proofs.some((proof) => texts.some((said) => said.includes(proof)));
      if (!isProven) throw new Error(`call ${id} is said to be done, and no source has its result`);
    }
  }
}

function expectVerdict(verdict: Verdict, read: SessionRead, expected: Expected): void {
  const calls = verdict.calls.map((call) =>
    [call.id, call.state, call.effect, knowsOf(read.sent, call)].join(" "),
  );
  const findings = verdict.findings.map(({ code, callId }) =>
    callId === undefined ? code : `${code} ${callId}`,
  );
  expect({ run: verdict.run.state, calls, findings }).toEqual(expected);
  for (const { cites } of verdict.findings) expect(cites.length).toBeGreaterThan(0);
}

function callsIn(cuts: readonly SourceCut[]): Map<string, string> {
  const calls = new Map<string, string>();
  for (const { body } of cuts.flatMap(({ facts }) => facts)) {
    if (body.kind === "call") calls.set(`call ${body.callId}`, `${body.name} ${JSON.stringify(body.input)}`);
    if (body.kind === "result") calls.set(`result ${body.callId}`, String(body.isError));
  }
  return calls;
}

/** A fact of a log of lines points at whole lines. */
function expectBytes(cut: SourceCut, { disk, logPath }: Fixture): void {
  const bytes = disk[cut.path ?? ""];
  if (bytes === undefined || !logPath.endsWith(".jsonl")) return;
  for (const { range } of cut.facts) {
    const said = text.decode(bytes.subarray(range.fromByte, range.toByte));
    expect(said.startsWith("{") && said.endsWith("}")).toBe(true);
  }
}

function linesWithBytes(bytes: Uint8Array): { fromByte: number; toByte: number; line: string }[] {
  const lines = [];
  for (let fromByte = 0; fromByte < bytes.length; ) {
    const end = bytes.indexOf(newline, fromByte);
    const toByte = end === -1 ? bytes.length : end;
    lines.push({ fromByte, toByte, line: text.decode(bytes.subarray(fromByte, toByte)) });
    fromByte = toByte + 1;
  }
  return lines;
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  return linesWithBytes(bytes).map(({ fromByte, toByte }) => bytes.subarray(fromByte, toByte));
}

function* lineVariants({ disk, logPath }: Fixture): Generator<Disk> {
  const whole = disk[logPath] ?? new Uint8Array(0);
  for (const lines of variantsOf(linesOf(whole))) yield { ...disk, [logPath]: lines };
}

function* variantsOf(lines: readonly Uint8Array[]): Generator<Uint8Array> {
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as Uint8Array;
    const next = lines[at + 1];
    yield ended([...lines.slice(0, at), ...lines.slice(at + 1)]);
    yield ended([...lines.slice(0, at), line, ...lines.slice(at)]);
    if (next === undefined) continue;
    yield ended([...lines.slice(0, at), next, line, ...lines.slice(at + 2)]);
    yield ended([...lines.slice(0, at), Uint8Array.from([...line, ...next]), ...lines.slice(at + 2)]);
  }
}

function ended(lines: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(lines.flatMap((line) => [...line, newline]));
}

const everyByteMax = 64 * 1024;
const pageBytes = 4_096;
const stride = 13;

/** Of a small log every byte, or each 13th and all of the last record; of anything else each 512th and the page ends. */
function* cutsOf(bytes: Uint8Array, everyByte: boolean, hasPages: boolean): Generator<number> {
  const { length } = bytes;
  if (length <= everyByteMax && !hasPages) {
    const lastFrom = everyByte ? 0 : bytes.subarray(0, -1).lastIndexOf(newline) - 1;
    for (let at = 0; at <= length; at += at < lastFrom ? Math.min(stride, lastFrom - at) : 1) yield at;
    return;
  }
  for (let at = 0; at <= length; at += 512) yield at;
  for (let page = pageBytes; page <= length; page += pageBytes) {
    yield page - 1;
    yield Math.min(length, page + 1);
  }
}
