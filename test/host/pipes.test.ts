import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { writeToChild } from "../../src/host/pipes.ts";

it("a child that has closed its stdin takes nothing, and its host does not fall over that", async () => {
  const child = spawn("/bin/sh", ["-c", "exec 0<&-; echo closed; read -r line <&1"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const fallen: unknown[] = [];
  const onFall = (thrown: unknown) => void fallen.push(thrown);
  process.prependListener("uncaughtException", onFall);
  try {
    await once(child.stdout, "data");
    expect(await writeToChild(child, Buffer.from("hello\n"))).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await writeToChild(child, Buffer.from("again\n"))).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(fallen).toEqual([]);
  } finally {
    process.off("uncaughtException", onFall);
    child.kill("SIGKILL");
  }
});
