/**
 * Tools whose effect can be looked up in the workspace, by agent and name: which of their arguments says what.
 *
 * Always: one table. A tool that is not in it, and every shell, is opaque: what it did cannot be told from outside.
 * Reads are listed because they change nothing: they do not hide the effect of the call before them.
 */

/** What a tool does to one path. */
export type ToolKind =
  /** Gives a file exactly this content. */
  | "write"
  /** Replaces one text in a file by another. */
  | "edit"
  | "make-folder"
  | "delete"
  /** Changes nothing. */
  | "read";

export interface Tool {
  readonly kind: ToolKind;
  /** Arguments that may hold the path, in the order in which they are tried. */
  readonly path: readonly string[];
  readonly content?: readonly string[];
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

const path = ["path", "file_path", "filePath", "absolute_path", "dir_path"] as const;
const write: Tool = { kind: "write", path, content: ["content", "contents", "text", "file_text"] };
const edit: Tool = {
  kind: "edit",
  path,
  before: ["old_string", "oldString", "oldText", "old_text", "old_str"],
  after: ["new_string", "newString", "newText", "new_text", "new_str"],
};
const makeFolder: Tool = { kind: "make-folder", path };
const remove: Tool = { kind: "delete", path };
const read: Tool = { kind: "read", path };

const tools: Readonly<Record<string, Readonly<Record<string, Tool>>>> = {
  ada: {
    write_file: write,
    create_file: write,
    edit_file: edit,
    mkdir: makeFolder,
    create_directory: makeFolder,
    delete_file: remove,
    read_file: read,
    list_files: read,
    search_files: read,
  },
  "claude-code": {
    Write: write,
    Edit: edit,
    Read: read,
    Glob: read,
    Grep: read,
    LS: read,
    WebFetch: read,
    WebSearch: read,
    TodoWrite: read,
  },
  // Everything else of Codex is a shell, or a patch with several files.
  codex: { view_image: read, update_plan: read },
  opencode: {
    write,
    edit,
    read,
    list: read,
    glob: read,
    grep: read,
    webfetch: read,
    todowrite: read,
    todoread: read,
  },
  "gemini-cli": {
    write_file: write,
    replace: edit,
    read_file: read,
    read_many_files: read,
    list_directory: read,
    glob: read,
    search_file_content: read,
    grep_search: read,
    google_web_search: read,
    web_fetch: read,
  },
  pi: { write, edit, read, ls: read, find: read, grep: read },
};

/** The tool by its name; undefined for a shell and for every name that is not known. */
export function toolOf(agent: string, name: string): Tool | undefined {
  const own = Object.hasOwn(tools, agent) ? tools[agent] : undefined;
  return own !== undefined && Object.hasOwn(own, name) ? own[name] : undefined;
}
