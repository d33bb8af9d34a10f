/**
 * Operations in words, without ids: which step of the protocol each is.
 *
 * Always: two runs of one plan name their operations alike. The reference's files have names of their own; those of
 * any other orchestrator are told by their path from the run's folder with ids, numbers and hashes left out.
 */
import { constants } from "node:fs";
import path from "node:path";
import { shapeOf } from "../memory/steps.ts";
import type { Operation } from "./operation.ts";

/** @example stepOf({ n: 7, op: "sync", path: "/tmp/r1/subject/home/journal/00000001.journal" }, "/tmp/r1") // "sync journal segment" */
export function stepOf(operation: Operation, runDir: string): string {
  const { op, to } = operation;
  if (op === "spawn") return `start ${path.basename(operation.path)}`;
  const name = (file: string) => shapeOf(file) ?? plainShape(file, runDir);
  const target = to === undefined || op === "symlink" ? "" : ` → ${name(to)}`;
  return `${verbOf(operation)} ${name(operation.path)}${target}`;
}

function verbOf({ op, flags = 0 }: Operation): string {
  const { O_EXCL, O_TRUNC } = constants;
  if (op !== "open") return op;
  if ((flags & O_EXCL) !== 0) return "create";
  return (flags & O_TRUNC) !== 0 ? "open and empty" : "open or create";
}

function plainShape(file: string, runDir: string): string {
  if (`${runDir}/`.startsWith(file === "/" ? file : `${file}/`)) return "folder above all";
  const relative = file.startsWith(`${runDir}/`) ? file.slice(runDir.length + 1) : file;
  return relative
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "*")
    .replace(/(?<![A-Za-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![A-Za-z])/g, "*")
    .replace(/\d+/g, "*")
    .replace(/(?:\*[-.]?)+(?=\/|$)/g, "*");
}
