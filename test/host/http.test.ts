import { connect } from "node:net";
import { expect, it } from "vitest";
import { listenHttp } from "../../src/host/http.ts";

it("cancels every body of a connection whose client went, also those whose turn had not come", async () => {
  let begun = 0;
  let cancelled = 0;
  let tellBegun = () => {};
  const bothBegun = new Promise<void>((resolve) => (tellBegun = resolve));
  let tellCancelled = () => {};
  const bothCancelled = new Promise<string>((resolve) => (tellCancelled = () => resolve("both")));
  const listener = await listenHttp(0, async () => ({
    status: 200,
    headers: {},
    body: {
      next: () => {
        begun += 1;
        if (begun === 2) tellBegun();
        return new Promise<undefined>(() => {});
      },
      cancel: () => {
        cancelled += 1;
        if (cancelled === 2) tellCancelled();
      },
    },
  }));
  const client = connect(listener.port, "127.0.0.1");
  client.write("GET /a HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /b HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
  await bothBegun;
  client.destroy();
  const limit = new Promise<string>((resolve) => setTimeout(() => resolve(`only ${cancelled}`), 2_000));
  expect(await Promise.race([bothCancelled, limit])).toBe("both");
  // Nobody is left whose answer could be waited for.
  const began = performance.now();
  await listener.close(5_000);
  expect(performance.now() - began).toBeLessThan(4_000);
});
