/**
 * Reading a system-call trace: whose calls count, and what nobody counted.
 */
import { expect, it } from "vitest";
import { blindSpots, readStrace } from "../../harness/boundary/strace.ts";

const trace = `100 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} => {parent_tid=[101]}, 88) = 101
100 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>
101 openat(AT_FDCWD</w>, "/d/log", O_WRONLY|O_CREAT|O_APPEND, 0600) = 17</d/log>
100 <... clone resumed>, child_tidptr=0x7f) = 102
102 mkdir("/d/of-the-child", 0777) = 0
101 write(17</d/log>, "x", 1 <unfinished ...>
101 <... write resumed>) = 1
100 openat(AT_FDCWD</w>, "/d/log", O_RDONLY) = 18</d/log>
100 write(5<pipe:[1]>, "*", 1) = 1
100 fdatasync(17</d/log>) = 0
100 rename("/d/a", "/d/b") = 0
`;

it("takes the calls of the first process and its threads, and not those of its children", () => {
  expect(readStrace(trace).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    "open /d/log",
    "write /d/log",
    "sync /d/log",
    "rename /d/a",
  ]);
});

it("names what was changed and not counted", () => {
  const counted = [
    { n: 1, op: "writeFile", path: "/d/log" },
    { n: 2, op: "sync", path: "/d/log" },
  ] as const;
  expect(blindSpots(readStrace(trace), counted, ["/d"])).toEqual([{ kind: "rename", path: "/d/a" }]);
});
