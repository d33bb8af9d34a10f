import { expect, it } from "vitest";
import { News } from "../../src/session/news.ts";

/** What is there to be looked at now, without waiting for it. */
async function now(news: News): Promise<string> {
  return Promise.race([news.next(), new Promise<string>((resolve) => setImmediate(resolve, "nothing"))]);
}

it("begins with a look at everything, and has nothing then", async () => {
  const news = new News();
  expect(await now(news)).toBe("any");
  expect(await now(news)).toBe("nothing");
});

it("takes what is told many times for one, and never the whole for a part", async () => {
  const news = new News();
  news.clear();
  news.tell("said");
  news.tell("said");
  expect(await now(news)).toBe("said");
  news.tell("said");
  news.tell("any");
  news.tell("said");
  expect(await now(news)).toBe("any");
  expect(await now(news)).toBe("nothing");
});

it("wakes who waits, and keeps what is told while somebody looks", async () => {
  const news = new News();
  await news.next();
  const next = news.next();
  news.tell("said");
  expect(await next).toBe("said");
  news.tell("any");
  expect(await now(news)).toBe("any");
});

it("is awaited from the moment at which everything is looked at until somebody looks", async () => {
  const news = new News();
  expect(news.isAwaited).toBe(false);
  await news.next();
  expect(news.isAwaited).toBe(false);
  const next = news.next();
  expect(news.isAwaited).toBe(true);
  news.tell("said");
  await next;
  expect(news.isAwaited).toBe(false);
});
