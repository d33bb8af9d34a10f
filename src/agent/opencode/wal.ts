/**
 * A database and its write-ahead log (WAL), put together to one image: the state after the last commit in the WAL.
 *
 * Format: sqlite.org/fileformat2.html, section 4. A frame counts if its salts are the header's and the checksum over
 * everything before it is right; frames behind the last commit are no part of the state.
 * Always: pure; the result is marked as a database without a WAL, so that a reader looks for none.
 * Never: bytes that are no valid WAL change anything.
 */

const headerBytes = 32;
const frameHeaderBytes = 24;
const magicLittle = 0x377f0682;
const magicBig = 0x377f0683;
const walVersion = 3_007_000;

/** Byte of the database header that says how to read, and the one before it how to write: 1 no WAL, 2 WAL. */
const readFormatAt = 19;
const writeFormatAt = 18;

/** Does the database's header say that it has a WAL? An empty database may get one. */
export function usesWal(database: Uint8Array): boolean {
  return database.length === 0 || database[readFormatAt] === 2;
}

/** The image; `database` itself is not changed. */
export function withWal(database: Uint8Array, wal: Uint8Array): Uint8Array {
  const state = usesWal(database) ? committed(wal) : undefined;
  const image = state === undefined ? database.slice() : overlaid(database, wal, state);
  if (image.length >= 100) {
    image[writeFormatAt] = 1;
    image[readFormatAt] = 1;
  }
  return image;
}

interface Committed {
  readonly pageBytes: number;
  /** Size of the database after the last commit. */
  readonly pageCount: number;
  /** Where in the WAL the newest content of a page stands. */
  readonly pages: ReadonlyMap<number, number>;
}

function committed(wal: Uint8Array): Committed | undefined {
  if (wal.length < headerBytes) return undefined;
  const view = new DataView(wal.buffer, wal.byteOffset, wal.byteLength);
  const magic = view.getUint32(0);
  const pageBytes = view.getUint32(8);
  const isPage = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  const isKnown = (magic === magicLittle || magic === magicBig) && view.getUint32(4) === walVersion;
  if (!isPage || !isKnown) return undefined;
  const isLittle = magic === magicLittle;
  let sum = checksum(view, 0, 24, isLittle, [0, 0]);
  if (sum[0] !== view.getUint32(24) || sum[1] !== view.getUint32(28)) return undefined;
  const frameBytes = frameHeaderBytes + pageBytes;
  const pages = new Map<number, number>();
  let pending: [number, number][] = [];
  let pageCount = 0;
  for (let at = headerBytes; at + frameBytes <= wal.length; at += frameBytes) {
    const hasSalts =
      view.getUint32(at + 8) === view.getUint32(16) && view.getUint32(at + 12) === view.getUint32(20);
    if (!hasSalts) break;
    sum = checksum(view, at, 8, isLittle, sum);
    sum = checksum(view, at + frameHeaderBytes, pageBytes, isLittle, sum);
    if (sum[0] !== view.getUint32(at + 16) || sum[1] !== view.getUint32(at + 20)) break;
    pending.push([view.getUint32(at), at + frameHeaderBytes]);
    const commit = view.getUint32(at + 4);
    if (commit === 0) continue;
    for (const [page, place] of pending) pages.set(page, place);
    pending = [];
    pageCount = commit;
  }
  return pageCount === 0 ? undefined : { pageBytes, pageCount, pages };
}

type Sum = readonly [number, number];

function checksum(view: DataView, from: number, length: number, isLittle: boolean, [a, b]: Sum): Sum {
  let one = a;
  let other = b;
  for (let at = from; at < from + length; at += 8) {
    one = (one + view.getUint32(at, isLittle) + other) >>> 0;
    other = (other + view.getUint32(at + 4, isLittle) + one) >>> 0;
  }
  return [one, other];
}

function overlaid(
  database: Uint8Array,
  wal: Uint8Array,
  { pageBytes, pageCount, pages }: Committed,
): Uint8Array {
  // A commit that claims pages which neither file has makes no image of its own size.
  const known = Math.max(Math.ceil(database.length / pageBytes), ...pages.keys());
  const image = new Uint8Array(Math.min(pageCount, known) * pageBytes);
  image.set(database.subarray(0, image.length));
  for (const [page, place] of pages) {
    const at = (page - 1) * pageBytes;
    if (page >= 1 && at < image.length) image.set(wal.subarray(place, place + pageBytes), at);
  }
  return image;
}
