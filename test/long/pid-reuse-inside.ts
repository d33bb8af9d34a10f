/**
 * Runs inside a pid namespace of its own: lets an agent die and gives its very pid to another process. Prints what a
 * restarted server then says, as JSON.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleServer, Place } from "../orchestrator/helper.ts";

/** Starts processes until one has the pid; the kernel gives the next free number behind the one written there. */
async function takePid(pid: number): Promise<ChildProcess> {
  for (let tries = 0; tries < 200; tries++) {
    writeFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
    const child = spawn("sleep", ["300"], { stdio: "ignore" });
    await once(child, "spawn");
    if (child.pid === pid) return child;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  throw new Error(`pid ${pid} could not be had`);
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
const place = new Place(await bundleServer(folder));
try {
  place.fifo("gate");
  place.steps(1, "started; call c1 one; wait_for gate");
  const first = await place.start();
  const id = await first.submit(place.workspace);
  await first.events(id, (event) => event.type === "call");
  await first.kill("SIGKILL");
  const pid = place.pid(1);
  for (const one of [...place.wrapperPids(), pid]) process.kill(one, "SIGKILL");
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 5));
  const stranger = await takePid(pid);
  const second = await place.start();
  const session = await second.session(id);
  const stop = await second.post(`/api/sessions/${id}/stop`, {});
  const said = {
    pid,
    stranger: stranger.pid,
    state: session.state,
    seen: JSON.stringify(session.findings),
    stop: stop.status,
    strangerLives: stranger.exitCode === null && stranger.signalCode === null,
  };
  stranger.kill("SIGKILL");
  console.log(JSON.stringify(said));
} finally {
  await place.clean();
  rmSync(folder, { recursive: true, force: true });
}
