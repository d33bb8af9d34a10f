// Commits to a database in WAL mode and checkpoints it in every way, until it is killed.
// Commit n writes n to row n % 100 and to the head: after commit n every row is known.
import Database from "libsql";

const rows = 100;
const database = new Database(process.argv[2]);
database.pragma("journal_mode = WAL");
database.pragma("wal_autocheckpoint = 0");
database.exec("CREATE TABLE head (n INTEGER)");
database.exec("CREATE TABLE fact (id INTEGER PRIMARY KEY, n INTEGER, filling TEXT)");
database.exec("CREATE TABLE extra (id INTEGER PRIMARY KEY, filling TEXT)");
database.exec("INSERT INTO head VALUES (0)");
for (let id = 0; id < rows; id += 1) {
  database.prepare("INSERT INTO fact VALUES (?, 0, ?)").run(id, "-".repeat(3_000));
}
const head = database.prepare("UPDATE head SET n = ?");
const fact = database.prepare("UPDATE fact SET n = ?, filling = ? WHERE id = ?");
const grow = database.prepare("INSERT INTO extra VALUES (?, ?)");
const shrink = database.prepare("DELETE FROM extra WHERE id <= ?");
const modes = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];
for (let n = 1; ; n += 1) {
  database.exec("BEGIN IMMEDIATE");
  head.run(n);
  fact.run(n, String(n % 10).repeat(2_000 + (n % 1_900)), n % rows);
  grow.run(n, "+".repeat(n % 5_000));
  shrink.run(n - 1 - (n % 50));
  database.exec("COMMIT");
  if (n % 6 === 0) database.pragma(`wal_checkpoint(${modes[(n / 6) % 4]})`);
  if (n === 1) process.stdout.write("ready\n");
}
