import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostAgents } from "../../src/host/agents.ts";
import { hostFiles } from "../../src/host/files.ts";
import { hostIds } from "../../src/host/ids.ts";
import { hostProcesses } from "../../src/host/processes.ts";
import { IoError } from "../../src/model/ports.ts";

let folder = "";
const files = hostFiles();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-host-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (from: Uint8Array | undefined) => new TextDecoder().decode(from);

describe("files", () => {
  it("decodes as a strict TextDecoder that keeps the byte order mark", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const expected = (from: Uint8Array) => {
      try {
        return strict.decode(from);
      } catch {
        return undefined;
      }
    };
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: "grapheme" }).map(bytes),
      fc.constantFrom("\uFEFFx", "a\0b", "").map(bytes),
    );
    const inside = fc.tuple(some, some, some).map(([before, one, after]) => {
      const all = Uint8Array.from([...before, ...one, ...after]);
      return all.subarray(before.length, before.length + one.length);
    });
    fc.assert(
      fc.property(inside, (from) => files.decode?.(from) === expected(from)),
      { numRuns: 500 },
    );
  });
  it("creates once, for its owner alone, and appends", async () => {
    const path = join(folder, "a");
    const file = await files.createExclusive(path);
    expect(await files.createExclusive(path)).toBeUndefined();
    await file?.append(bytes("one"));
    await file?.append(bytes("two"));
    await file?.sync();
    await file?.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const read = await files.openRead(path);
    expect(await read?.size()).toBe(6);
    expect(text(await read?.read(2, 4))).toBe("et");
    expect(text(await read?.read(4, 100))).toBe("wo");
    expect(await read?.read(100, 200)).toHaveLength(0);
    await read?.close();
  });

  it("begins a sync of what is there before it is read, and says how much that is", async () => {
    const path = join(folder, "grows");
    const file = await files.createExclusive(path);
    await file?.append(bytes("one\ntw"));
    const read = await files.openRead(path);
    const begun = read?.beginSync?.();
    await file?.append(bytes("o\n"));
    expect(begun?.toByte).toBe(6);
    await begun?.synced;
    expect(read?.beginSync?.().toByte).toBe(8);
    await read?.close();
    await file?.close();
    expect(() => read?.beginSync?.()).toThrow(expect.objectContaining({ code: "EBADF" }));
  });

  it("opens nothing that is no regular file, and does not hang on a FIFO", async () => {
    await files.makeFifos([join(folder, "fifo")]);
    expect(await files.openRead(join(folder, "fifo"))).toBeUndefined();
    expect(await files.openRead(folder)).toBeUndefined();
    expect(await files.openRead(join(folder, "none"))).toBeUndefined();
    expect((await files.stat(join(folder, "fifo")))?.kind).toBe("fifo");
    await expect(files.makeFifos([join(folder, "fifo")])).rejects.toBeInstanceOf(IoError);
  });

  it("names, renames, removes; answers undefined or false for what is not there", async () => {
    expect(await files.makeFolder(join(folder, "d"))).toBe(true);
    expect(await files.makeFolder(join(folder, "d"))).toBe(false);
    writeFileSync(join(folder, "b"), "");
    expect(await files.list(folder)).toEqual(["b", "d"]);
    expect(await files.list(join(folder, "none"))).toBeUndefined();
    await files.rename(join(folder, "b"), join(folder, "c"));
    expect(await files.remove(join(folder, "c"))).toBe(true);
    expect(await files.remove(join(folder, "c"))).toBe(false);
    expect(await files.remove(join(folder, "d"))).toBe(true);
    await files.syncFolder(folder);
    await expect(files.syncFolder(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("tells of changes in a folder, and what changed, until the watch is closed", async () => {
    const told = new Set<string | undefined>();
    let tell = () => {};
    const changed = new Promise<void>((resolve) => (tell = resolve));
    const watch = files.watchFolder(folder, (name) => {
      told.add(name);
      tell();
    });
    writeFileSync(join(folder, "x"), "");
    await changed;
    watch.close();
    // Systems that do not tell the name say that it may be anything.
    expect(told.has("x") || told.has(undefined)).toBe(true);
    expect([...told].every((name) => name === "x" || name === undefined)).toBe(true);
  });

  it("closes a file when what is under way on it is done, and answers nothing afterwards", async () => {
    writeFileSync(join(folder, "long"), new Uint8Array(4 * 1024 * 1024).fill(7));
    const file = await files.openRead(join(folder, "long"));
    const reading = file?.read(0, 4 * 1024 * 1024);
    await Promise.all([file?.close(), file?.close()]);
    // Whoever opens another file now gets the number that is free.
    writeFileSync(join(folder, "other"), new Uint8Array(4 * 1024 * 1024).fill(9));
    const other = await files.openRead(join(folder, "other"));
    expect((await reading)?.every((byte) => byte === 7)).toBe(true);
    await expect(file?.read(0, 10)).rejects.toMatchObject({ code: "EBADF" });
    await expect(file?.sync()).rejects.toMatchObject({ code: "EBADF" });
    await other?.close();
  });

  it("syncs what is to be synced later also where the file is closed meanwhile", async () => {
    const file = await files.createExclusive(join(folder, "later"));
    await file?.append(new TextEncoder().encode("x\n"));
    const syncing = file?.syncLater?.();
    await Promise.all([file?.close(), syncing]);
    await expect(file?.syncLater?.()).rejects.toMatchObject({ code: "EBADF" });
  });
});

describe("renewing", () => {
  it("writes the same bytes in the same place, in pieces, and nothing else; what is appended meanwhile stays", async () => {
    const path = join(folder, "spool");
    const before = Buffer.alloc(2_500_000, "0123456789\n");
    writeFileSync(path, before);
    const file = await files.openRead(path);
    const renewed = file?.renew?.(7);
    appendFileSync(path, "more");
    await renewed;
    await file?.close();
    expect(readFileSync(path).equals(Buffer.concat([before, Buffer.from("more")]))).toBe(true);
  });

  it("refuses another file that has taken the name", async () => {
    const path = join(folder, "spool");
    writeFileSync(path, "one");
    const file = await files.openRead(path);
    rmSync(path);
    writeFileSync(path, "another");
    await expect(file?.renew?.(0)).rejects.toMatchObject({ name: "IoError", path });
    await file?.close();
    expect(readFileSync(path, "utf8")).toBe("another");
  });
});

describe("processes", () => {
  it("knows itself, and nobody by a wrong start time", async () => {
    const processes = await hostProcesses();
    expect(await processes.identify(process.pid)).toEqual(processes.self);
    expect(await processes.identify(2 ** 30)).toBeUndefined();
    const child = spawn("sleep", ["60"]);
    const identity = await processes.identify(child.pid ?? 0);
    if (identity === undefined) throw new Error("the child is not there");
    expect(await processes.signal({ ...identity, startTime: "1" }, "SIGKILL")).toBe(false);
    expect(await processes.signal({ ...identity, bootId: "another" }, "SIGKILL")).toBe(false);
    expect(child.exitCode).toBeNull();
    expect(await processes.signal(identity, "SIGKILL")).toBe(true);
    await once(child, "exit");
    expect(await processes.signal(identity, "SIGKILL")).toBe(false);
  });

  it.runIf(process.platform === "linux")("takes a zombie for gone", async () => {
    const processes = await hostProcesses();
    // The shell's child ends when another program has replaced the shell; that one never reaps it.
    const child = '(while [ "$(cat /proc/$$/comm)" != sleep ]; do :; done)';
    const parent = spawn("sh", ["-c", `${child} & echo $!; exec sleep 60`]);
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    const state = () => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.[0];
    while (state() !== "Z") await new Promise((resolve) => setImmediate(resolve));
    expect(await processes.identify(pid)).toBeUndefined();
    parent.kill("SIGKILL");
  });
});

describe("agents", () => {
  const prepare = async () => {
    await files.makeFifos([join(folder, "stdin"), join(folder, "alive")]);
    writeFileSync(join(folder, "spool"), "");
  };
  const until = async (name: string) => {
    for (;;) {
      if (await files.stat(join(folder, name))) return readFileSync(join(folder, name), "utf8").trim();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it("starts what writes its own spool, takes input, and notes how it ended", async () => {
    const agents = hostAgents("/usr/bin:/bin");
    await prepare();
    const script = 'read -r line; echo "got $line"; echo "$ONLY$HOME"; exit 7';
    const start = {
      folder,
      command: "/bin/sh",
      args: ["-c", script],
      cwd: folder,
      env: { ONLY: "this" },
      marker: "s.1",
    };
    await agents.start(start);
    await until("pid");
    expect(await agents.held(folder)).toBe(true);
    expect(await agents.fence(folder)).toBe("started");
    const gone = new Promise<void>((resolve) => void agents.whenGone(folder, resolve));
    expect(await agents.input(folder, bytes("hello\n"))).toBe(true);
    await gone;
    expect(await until("exit")).toBe("7");
    expect(readFileSync(join(folder, "spool"), "utf8")).toBe("got hello\nthis\n");
    // The wrapper's descriptors are closed one after the other as it ends.
    while (await agents.held(folder)) await new Promise((resolve) => setImmediate(resolve));
    expect(await agents.input(folder, bytes("x"))).toBe(false);
  });

  it("leaves to the agent the rights with which it would make files anyway; what is ours is its owner's alone", async () => {
    const agents = hostAgents("/usr/bin:/bin");
    await prepare();
    const before = process.umask();
    const start = {
      folder,
      command: "/bin/sh",
      args: ["-c", "umask; echo oops >&2"],
      cwd: folder,
      env: {},
      marker: "s.1",
    };
    await agents.start(start);
    expect(await until("exit")).toBe("0");
    expect(Number.parseInt(readFileSync(join(folder, "spool"), "utf8"), 8)).toBe(before);
    for (const name of ["started", "pid", "exit", "stderr"])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it("never starts what was fenced first", async () => {
    const agents = hostAgents("/usr/bin:/bin");
    await prepare();
    expect(await agents.fence(folder)).toBe("never-started");
    const before = readFileSync(join(folder, "started"), "utf8");
    const start = {
      folder,
      command: "/bin/sh",
      args: ["-c", "echo ran"],
      cwd: folder,
      env: {},
      marker: "s.1",
    };
    const { kinOf } = await hostProcesses();
    await agents.start(start);
    // Whether it holds its FIFOs tells nothing before it has begun.
    while ((await kinOf("s.1", undefined)).length > 0);
    expect(readFileSync(join(folder, "spool"), "utf8")).toBe("");
    expect(readFileSync(join(folder, "started"), "utf8")).toBe(before);
  });

  it("finds executables by name over its own PATH, and nothing else", async () => {
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/tool"), "#!/bin/sh\n");
    writeFileSync(join(folder, "bin/plain"), "");
    chmodSync(join(folder, "bin/tool"), 0o755);
    symlinkSync("tool", join(folder, "bin/link"));
    const agents = hostAgents(`relative:${folder}/none:${folder}/bin`);
    expect(await agents.resolve("tool")).toBe(join(folder, "bin/tool"));
    expect(await agents.resolve("link")).toBe(join(folder, "bin/link"));
    expect(await agents.resolve(join(folder, "bin/tool"))).toBe(join(folder, "bin/tool"));
    for (const none of ["plain", "nope", "", "../bin/tool", "bin", folder]) {
      expect(await agents.resolve(none)).toBeUndefined();
    }
  });

  it("reports a folder that is gone as an error of the start", async () => {
    const agents = hostAgents("/usr/bin:/bin");
    await prepare();
    const start = {
      folder,
      command: "/bin/true",
      args: [],
      cwd: join(folder, "none"),
      env: {},
      marker: "s.1",
    };
    await expect(agents.start(start)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("ids", () => {
  it("are 64 bits each, and never the same", () => {
    const ids = hostIds();
    const made = Array.from({ length: 1_000 }, () => ids.next());
    expect(new Set(made).size).toBe(made.length);
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{16}$/);
    // Every bit is seen as 1 and as 0.
    const bits = made.map((id) => BigInt(`0x${id}`));
    expect(bits.reduce((sum, one) => sum | one)).toBe(2n ** 64n - 1n);
    expect(bits.reduce((sum, one) => sum & one)).toBe(0n);
  });
});
