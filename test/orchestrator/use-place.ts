/**
 * A fresh place for each test of a file, on one bundle of the server: made before it, ended and removed after it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { bundleServer, Place } from "./helper.ts";

/** @param use told of each place before its test. */
export function usePlace(use: (place: Place) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
  let bundle = "";
  let place: Place;
  beforeAll(async () => {
    bundle = await bundleServer(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    place = new Place(bundle);
    use(place);
  });
  afterEach(() => place.clean());
}
