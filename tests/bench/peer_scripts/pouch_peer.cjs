// PouchDB's replication, measured by node: `node pouch_peer.cjs MODULES RECORDS FOLDER` prints seconds as JSON.
// A local database sends so many new documents to pouchdb-server, and a second one takes them over.
const { createRequire } = require("node:module");
const { spawn } = require("node:child_process");
const path = require("node:path");

const [modules, records, folder] = process.argv.slice(2);
const load = createRequire(path.join(modules, "node_modules", "x.js"));
const PouchDB = load("pouchdb").defaults({ prefix: folder + "/" });

async function timed(work) {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e9;
}

async function up(url) {
  for (let n = 0; n < 300; n++) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {}
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the server did not start");
}

async function main() {
  const port = 20000 + Math.floor(Math.random() * 20000);
  const server = spawn(process.execPath, [path.join(modules, "node_modules", "pouchdb-server", "bin", "pouchdb-server"),
    "--port", String(port), "--dir", path.join(folder, "server"), "--config", path.join(folder, "config.json"),
    "--no-stdout-logs"], { cwd: folder, stdio: "ignore" });
  try {
    const url = `http://127.0.0.1:${port}/`;
    await up(url);
    const first = new PouchDB("first"), second = new PouchDB("second");
    const documents = Array.from({ length: Number(records) }, (_, n) => ({
      _id: `01a2050f-${String(n).padStart(8, "0")}`, address: `样例村${n}号`, region_code: "440785104200",
      household_type: "1", population: 4, labor_count: 2, resident_status: "1", main_industry: "0153",
      collect_date: "2026-03-01", verify_level: "1", archive_status: "10",
    }));
    for (let n = 0; n < documents.length; n += 1000) await first.bulkDocs(documents.slice(n, n + 1000));
    const options = { batch_size: 1000 };
    const taken = { up: await timed(() => first.replicate.to(url + "households", options)),
      down: await timed(() => second.replicate.from(url + "households", options)) };
    if ((await second.info()).doc_count !== Number(records)) throw new Error("documents are missing");
    console.log(JSON.stringify(taken));
  } finally {
    server.kill();
  }
}

main().then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });
