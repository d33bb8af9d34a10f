/** The event stream client: frames are what a browser would make of the same bytes, wherever they are cut. */
import { createServer, type RequestListener, type Server } from "node:http";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { readSse, type SseFrame, SseParser } from "../../harness/subject/sse.ts";

function parse(...chunks: (string | Uint8Array)[]): SseFrame[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk));
}

describe("frames", () => {
  it.each<[string, string, SseFrame[]]>([
    ["one", "data: a\n\n", [{ event: "message", data: "a" }]],
    [
      "CRLF",
      "id: 7\r\ndata: a\r\n\r\ndata: b\r\n\r\n",
      [
        { id: "7", event: "message", data: "a" },
        { event: "message", data: "b" },
      ],
    ],
    [
      "CR",
      "data: a\r\rdata: b\r\r",
      [
        { event: "message", data: "a" },
        { event: "message", data: "b" },
      ],
    ],
    ["named", "event: call\nid:1.2\ndata:a\n\n", [{ id: "1.2", event: "call", data: "a" }]],
    ["of several data lines", "data: a\ndata:\ndata:  b\n\n", [{ event: "message", data: "a\n\n b" }]],
    [
      "behind a comment and a byte order mark",
      "\uFEFF: hello\n\ndata: a\n\n",
      [{ event: "message", data: "a" }],
    ],
    ["without data is none", "id: 3\nevent: x\n\ndata: a\n\n", [{ event: "message", data: "a" }]],
    ["without its blank line is none", "data: a\n\ndata: b\n", [{ event: "message", data: "a" }]],
    ["with a field nobody knows", "retry: 5\nfoo\ndata\n\n", [{ event: "message", data: "" }]],
    ["with NUL in its id has none", "id: a\0b\ndata: a\n\n", [{ event: "message", data: "a" }]],
  ])("%s", (_, bytes, frames) => {
    expect(parse(bytes)).toEqual(frames);
  });

  it("are the same for every way to cut the bytes", () => {
    const line = fc.stringMatching(/^[^\r\n\uFEFF]{0,12}$/, {}).map((text) => text.replaceAll(/[\r\n]/g, ""));
    const frame = fc.record({
      data: fc.array(fc.oneof(line, fc.constantFrom("ä€😀", "")), { minLength: 1, maxLength: 3 }),
      end: fc.constantFrom("\n", "\r\n", "\r"),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (frames, cuts) => {
          // One way to end lines in a stream: a lone CR before a LF would be one end, not two.
          const end = frames[0]?.end ?? "\n";
          const text = frames
            .map(({ data }) => `${data.map((part) => `data: ${part}${end}`).join("")}${end}`)
            .join("");
          const bytes = Buffer.from(text);
          const borders = [
            0,
            ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
            bytes.length,
          ];
          const chunks = borders.slice(1).map((to, index) => bytes.subarray(borders[index], to));
          expect(parse(...chunks)).toEqual(
            frames.map(({ data }) => ({ event: "message", data: data.join("\n") })),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a connection", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  function serve(listener: RequestListener): Promise<string> {
    const made = createServer(listener);
    server = made;
    return new Promise((resolve) => {
      made.listen(0, "127.0.0.1", () => {
        const address = made.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`);
      });
    });
  }

  async function dataOf(frames: AsyncIterable<SseFrame>): Promise<string[]> {
    const data: string[] = [];
    for await (const frame of frames) data.push(frame.data);
    return data;
  }

  it("that breaks ends the stream behind the last complete frame", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\ndata: 2\n\ndata: 3\n", () => response.destroy());
    });
    expect(await dataOf(readSse(url))).toEqual(["1", "2"]);
  });

  it("that breaks before it is read has still shown what it sent", async () => {
    let destroyed = (): void => {};
    const gone = new Promise<void>((resolve) => {
      destroyed = resolve;
    });
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      response.on("close", destroyed);
      setImmediate(() =>
        response.write(`data: ${"2".repeat(300_000)}\n\ndata: 3\n\n`, () => response.destroy()),
      );
    });
    const frames = readSse(url);
    const first = await frames.next();
    await gone;
    expect([first.value?.data, ...(await dataOf(frames)).map((data) => data.length)]).toEqual([
      "1",
      300_000,
      1,
    ]);
  });

  it("carries the cursor", async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.end(`data: ${request.headers["last-event-id"]}\n\n`);
    });
    expect(await dataOf(readSse(url, { after: "e1.1.20.0" }))).toEqual(["e1.1.20.0"]);
  });

  it("ends when its signal is aborted, also before it is open", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const abort = new AbortController();
    const frames = readSse(url, { signal: abort.signal });
    expect((await frames.next()).value?.data).toBe("1");
    abort.abort();
    expect((await frames.next()).done).toBe(true);
    expect(await dataOf(readSse(url, { signal: abort.signal }))).toEqual([]);
  });

  it("that is no event stream is an error that says what came", async () => {
    const url = await serve((_, response) => {
      response.writeHead(503, { "content-type": "application/json" }).end("{}");
    });
    await expect(dataOf(readSse(url))).rejects.toThrow(/answered 503 with application\/json/);
  });
});
