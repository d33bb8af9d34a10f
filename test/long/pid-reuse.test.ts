/**
 * A pid that the kernel has really given to another process, in a namespace in which one may say which comes next.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const inNamespace = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const can =
  spawnSync("unshare", [...inNamespace, "sh", "-c", "echo 100 >/proc/sys/kernel/ns_last_pid"]).status === 0;

it.skipIf(!can)(
  "an agent's pid that is another's now is neither adopted nor signalled",
  () => {
    const inside = join(import.meta.dirname, "pid-reuse-inside.ts");
    const { stdout, stderr } = spawnSync(
      "unshare",
      // The first process of a namespace has to reap; a shell does.
      [...inNamespace, "sh", "-c", '"$@"; exit $?', "sh", process.execPath, "--import", "tsx", inside],
      { encoding: "utf8" },
    );
    expect(stdout, stderr).toMatch(/^\{/);
    const said = JSON.parse(stdout) as Record<string, unknown>;
    expect(said.stranger).toBe(said.pid);
    expect(said).toMatchObject({ state: "interrupted-indeterminate", stop: 409, strangerLives: true });
    expect(said.seen).toContain("its pid is that of another process now");
  },
  300_000,
);
