/**
 * What opencode 1.18.33 left behind, and what follows from it.
 *
 * The recording has the rows of its tables; a database is built of them. Long texts were cut in the rows: a tool's
 * part stands whole in the stream, and of a message only its role is needed, which the cut left.
 */
import initSqlJs from "sql.js";
import { chatHistory } from "./chat-history.ts";
import { type Fixture, fixtureBytes, fixtureJson } from "./fixture.ts";
import type { Disk } from "./memory.ts";

type Row = Readonly<Record<string, string | number | null>>;
export type Tables = Readonly<Record<"session" | "message" | "part" | "event", readonly Row[]>>;

const engine = await initSqlJs();
const schema: Readonly<Record<keyof Tables, string>> = {
  session:
    "id text PRIMARY KEY, project_id text, parent_id text, directory text, title text, version text, time_created integer, time_updated integer",
  message: "id text PRIMARY KEY, session_id text, time_created integer, time_updated integer, data text",
  part: "id text PRIMARY KEY, message_id text, session_id text, time_created integer, time_updated integer, data text",
  event: "id text PRIMARY KEY, aggregate_id text, seq integer, type text, data text",
};

/** A database file with these rows. */
export function databaseOf(tables: Tables): Uint8Array {
  const database = new engine.Database();
  for (const [table, columns] of Object.entries(schema)) {
    database.run(`CREATE TABLE ${table} (${columns})`);
    const names = columns.split(", ").map((column) => column.split(" ")[0] ?? "");
    for (const row of tables[table as keyof Tables]) {
      const values = names.map((name) => row[name] ?? null);
      database.run(`INSERT INTO ${table} VALUES (${names.map(() => "?").join()})`, values);
    }
  }
  const bytes = database.export();
  database.close();
  return bytes;
}

export function tablesOf(folder: string, stdout: Uint8Array): Tables {
  const tables = fixtureJson(`${folder}/tables.json`) as Tables;
  const streamed = new Map<string, string>();
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    const { part } = JSON.parse(line) as { part: { id: string; sessionID: string; messageID: string } };
    const { id, sessionID: _session, messageID: _message, ...data } = part;
    streamed.set(id, JSON.stringify(data));
  }
  const whole = (row: Row): Row => {
    if (!String(row.data).endsWith("[cut]")) return row;
    const role = String(row.data).includes('"role":"user"') ? "user" : "assistant";
    return { ...row, data: streamed.get(String(row.id)) ?? JSON.stringify({ role }) };
  };
  return { ...tables, message: tables.message.map(whole), part: tables.part.map(whole) };
}

/** Each message and part removed, doubled under another id, and exchanged with the next. */
function* variantsOf(tables: Tables, path: string): Generator<Disk> {
  for (const table of ["message", "part"] as const) {
    const rows = tables[table];
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] as Row;
      const next = rows[at + 1];
      const edited: (readonly Row[])[] = [
        rows.filter((other) => other !== row),
        [...rows, { ...row, id: `${row.id}x` }],
        rows.map((other) => (other === row ? { ...row, data: `${row.data}`.slice(0, -3) } : other)),
      ];
      if (next !== undefined) {
        const swap = (other: Row) =>
          other === row ? { ...row, id: next.id } : other === next ? { ...next, id: row.id } : other;
        edited.push(rows.map((other) => swap(other) as Row));
      }
      for (const changed of edited) yield { [path]: databaseOf({ ...tables, [table]: changed }) };
    }
  }
}

function fixture(name: string, sessionId: string, rest: Partial<Fixture>): Fixture {
  const folder = `opencode-1.18.33/${name}`;
  const logPath = "/home/dev/home/.local/share/opencode/opencode.db";
  const stdout = fixtureBytes(`${folder}/stdout.jsonl`);
  const tables = tablesOf(folder, stdout);
  return {
    name,
    sessionId,
    cwd: "/home/dev/project",
    home: "/home/dev/home",
    version: "1.18.33",
    disk: { [logPath]: databaseOf(tables) },
    logPath,
    variants: () => variantsOf(tables, logPath),
    stdout,
    // In the rows it stands in quotes: opencode puts an argument with blanks in them.
    prompt: "Run the scripted two tool calls.",
    sent: [],
    reallySent: chatHistory(`${folder}/resume-history.json`, [
      "hello-from-tool-1",
      "Wrote file successfully.",
    ]),
    withStream: { run: "", calls: [], findings: [] },
    storeOnly: { run: "", calls: [], findings: [] },
    proofs: {},
    ...rest,
  };
}

const shell = "call_fakemwrgawfc002";
const write = "call_fakemwrgawzm004";
const killed = "call_fakemwrgh8r6002";

function done(id: string): string[] {
  return [`"callID":"${id}","state":{"status":"completed"`];
}

export const opencodeFixtures: readonly Fixture[] = [
  fixture("clean", "ses_dfe137b03ffetJb6z2sLBjkEOs", {
    // Parts in order: text of the person, two tools with status completed, "All done."; then the new prompt.
    sent: [
      "user",
      `assistant ${shell}`,
      `tool ${shell} result`,
      `assistant ${write}`,
      `tool ${write} result`,
      "assistant",
      "user",
    ],
    withStream: {
      // The last step_finish has the reason stop.
      run: "completed",
      // tool_use lines of the stream equal the parts of the database.
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    storeOnly: {
      // The last part is a step-finish with the reason stop.
      run: "completed",
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    proofs: { [shell]: done(shell), [write]: done(write) },
  }),
  fixture("killed-after-tool-result", "ses_dfe0eea68ffe09xpv19y6nT0ju", {
    // The part is completed; the answer begun behind it has no parts and is not sent.
    sent: ["user", `assistant ${killed}`, `tool ${killed} result`, "user"],
    withStream: {
      // The only step_finish has the reason tool-calls.
      run: "interrupted",
      calls: [`${killed} completed done yes`],
      // Started, no end, no process.
      findings: ["ghost-running"],
    },
    storeOnly: {
      run: "interrupted",
      calls: [`${killed} completed done yes`],
      findings: [],
    },
    proofs: { [killed]: done(killed) },
  }),
];
