// Commits to a database in WAL mode and checkpoints it in every way, until it is killed. All rows have one number.
import Database from "libsql";

const database = new Database(process.argv[2]);
database.pragma("journal_mode = WAL");
database.pragma("wal_autocheckpoint = 0");
database.exec("CREATE TABLE IF NOT EXISTS fact (id INTEGER PRIMARY KEY, n INTEGER, filling TEXT)");
const insert = database.prepare("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)");
const shrink = database.prepare("DELETE FROM fact WHERE id >= ?");
const modes = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];
for (let n = 1; ; n += 1) {
  const rows = 40 + ((n * 7) % 60);
  database.exec("BEGIN IMMEDIATE");
  for (let id = 0; id < rows; id += 1) insert.run(id, n, String(n).repeat(100 + ((id * 37 + n) % 900)));
  shrink.run(rows);
  database.exec("COMMIT");
  if (n % 6 === 0) database.pragma(`wal_checkpoint(${modes[(n / 6) % 4]})`);
  if (n === 1) process.stdout.write("ready\n");
}
