/**
 * A program under test: one small use of a file for each way that Node has to do it, chosen by name.
 *
 *     node program.mjs FOLDER NAME
 *
 * `before` is there when it starts, with ten bytes in it.
 */

import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import fsp, { rename as renameByName } from "node:fs/promises";
import { promisify } from "node:util";

const [folder, name] = process.argv.slice(2);
process.chdir(folder);
const callback = promisify;
const text = "0123456789";
const bytes = Buffer.from(text);

const uses = {
  "fs.writeFileSync": () => fs.writeFileSync("file", text),
  "fs.writeFileSync of bytes": () => fs.writeFileSync("file", bytes),
  "fs.appendFileSync": () => fs.appendFileSync("before", text),
  "fs.writeFile": () => callback(fs.writeFile)("file", text),
  "fs.appendFile": () => callback(fs.appendFile)("before", text),
  "promises.writeFile": () => fsp.writeFile("file", text),
  "promises.appendFile": () => fsp.appendFile("before", text),
  "fs.writeSync": () => fs.writeSync(fs.openSync("before", "a"), text),
  "fs.write": () => callback(fs.write)(fs.openSync("before", "a"), bytes),
  "fs.writevSync": () => fs.writevSync(fs.openSync("before", "r+"), [bytes, bytes]),
  "fs.ftruncateSync": () => fs.ftruncateSync(fs.openSync("before", "r+"), 3),
  "FileHandle.write": async () => (await fsp.open("before", "r+")).write(text),
  "FileHandle.writev": async () => (await fsp.open("before", "r+")).writev([bytes, bytes]),
  "FileHandle.writeFile": async () => (await fsp.open("before", "r+")).writeFile(text),
  "FileHandle.appendFile": async () => (await fsp.open("before", "a")).appendFile(text),
  "FileHandle.truncate": async () => (await fsp.open("before", "r+")).truncate(3),
  "FileHandle.datasync": async () => (await fsp.open("before", "r+")).datasync(),
  "FileHandle.sync of a folder": async () => (await fsp.open(".", "r")).sync(),
  "FileHandle.createWriteStream": async () => ended((await fsp.open("before", "r+")).createWriteStream()),
  "fs.createWriteStream": () => ended(fs.createWriteStream("file")),
  "fs.fsyncSync": () => fs.fsyncSync(fs.openSync("before", "r+")),
  "fs.fdatasync": () => callback(fs.fdatasync)(fs.openSync("before", "r+")),
  "fs.openSync, making it": () => fs.openSync("file", "w"),
  "promises.open, making it": () => fsp.open("file", "wx"),
  "fs.truncateSync": () => fs.truncateSync("before", 3),
  "fs.renameSync": () => fs.renameSync("before", "after"),
  "promises.rename, imported by name": () => renameByName("before", "after"),
  "fs.unlinkSync": () => fs.unlinkSync("before"),
  "promises.unlink": () => fsp.unlink("before"),
  "fs.rmSync": () => fs.rmSync("before"),
  "fs.mkdirSync": () => fs.mkdirSync("made/deep", { recursive: true }),
  "promises.mkdir": () => fsp.mkdir("made"),
  "fs.mkdtempSync": () => fs.mkdtempSync("made-"),
  "fs.linkSync": () => fs.linkSync("before", "after"),
  "fs.symlinkSync": () => fs.symlinkSync("before", "after"),
  "fs.copyFileSync": () => fs.copyFileSync("before", "after"),
  "promises.copyFile": () => fsp.copyFile("before", "after"),
  "fs.chmodSync": () => fs.chmodSync("before", 0o600),
  "fs.utimesSync": () => fs.utimesSync("before", 1, 1),
  spawn: () => new Promise((resolve) => spawn("true").on("exit", resolve)),
  execFileSync: () => execFileSync("true"),
  "reading only": async () => {
    fs.readFileSync("before");
    await fsp.readFile("before");
    fs.statSync("before");
    fs.existsSync("nothing");
    fs.readdirSync(".");
    fs.closeSync(fs.openSync("before", "r"));
  },
  "the boot id": async () => {
    const told = "/proc/sys/kernel/random/boot_id";
    fs.writeFileSync("file", `${fs.readFileSync(told, "utf8")}${await fsp.readFile(told, "utf8")}`);
  },
  "a terminal or pipe": () => fs.writeSync(1, text),
  "not awaited": () => {
    for (let at = 0; at < 5; at += 1) fsp.appendFile("before", `${at}`);
  },
};

function ended(stream) {
  return new Promise((resolve) => stream.end(text, () => stream.close(resolve)));
}

await uses[name]();
