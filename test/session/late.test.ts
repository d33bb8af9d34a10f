/**
 * What a server writes that another has taken over from is evidence, and never history.
 */
import { describe, expect, it } from "vitest";
import { settle } from "../../src/session/settle.ts";
import { begun, home, id } from "./drafts.ts";
import { sessionOf, spoken } from "./machine.ts";

describe("what a former server writes late", () => {
  it("is evidence of the sessions that it names, at the start and when it is looked for again", async () => {
    const machine = await spoken(begun);
    const life = await machine.recovered();
    const segment = `${home}/journal/00000001.journal`;
    const late = async () => {
      const { evidence } = await settle(life.context, sessionOf(life));
      return evidence.sources.filter(({ source }) => source === "J").flatMap(({ damage }) => damage);
    };
    expect(await late()).toEqual([]);
    const fromByte = machine.files.bytes(segment).length;
    const line = `j1\t00000000\t90\t12\t90\t"finding"\t{"sessionId":"${id}"}\n`;
    machine.files.appendTo(segment, Buffer.from(line));
    const found = await late();
    expect(found).toMatchObject([
      {
        code: "late-write",
        path: segment,
        range: { fromByte },
        detail:
          'A record "finding": the server of generation 1 wrote it after another had taken over. It does not count.',
      },
    ]);
    expect(await late()).toEqual(found);
    expect(life.context.late).toHaveLength(1);
    machine.files.appendTo(segment, Buffer.from(`half of a line about ${id}\n`));
    expect((await late()).map(({ detail }) => detail.split(":")[0])).toEqual([
      'A record "finding"',
      "Bytes that are no whole record",
    ]);
    machine.files.appendTo(segment, Buffer.from(`  ${line}`));
    expect((await late()).map(({ detail }) => detail.split(":")[0])).toEqual([
      'A record "finding"',
      "Bytes that are no whole record",
      "Bytes that are no whole record",
    ]);
    machine.files.appendTo(segment, Buffer.from("of nobody\n"));
    expect(await late()).toHaveLength(3);
    await life.close();
    const next = await machine.recovered();
    expect(next.context.late.length).toBeGreaterThan(1);
    await next.close();
  });
});
