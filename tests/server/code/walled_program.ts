/**
 * Code that has got past the first wall: a Worker with every permission inside the second one, as the sandbox's process
 * builds it. It prints what became of each thing that it tried, as JSON.
 */
import { LinuxWall } from "../../../server/code/linux_wall.ts";
import { ProcessMemory } from "../../../server/code/process_memory.ts";

const [port, folder, sources] = Deno.args;

const tries: Record<string, string> = {
  "start a program": `new Deno.Command("/bin/true").outputSync()`,
  "start a shell": `new Deno.Command("/bin/sh", { args: ["-c", "id"] }).spawn()`,
  connect: `await Deno.connect({ hostname: "127.0.0.1", port: ${port} })`,
  "connect to a Unix socket": `await Deno.connect({ transport: "unix", path: "${folder}/socket" })`,
  fetch: `await fetch("http://127.0.0.1:${port}/")`,
  listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 })`,
  "listen on a Unix socket": `Deno.listen({ transport: "unix", path: "${folder}/listening" })`,
  "signal itself": `Deno.kill(Deno.pid, "SIGUSR1")`,
  "signal its parent": `Deno.kill(Deno.ppid, "SIGTERM")`,
  "end the process by a signal": `Deno.kill(Deno.pid, "SIGKILL")`,
  "read a file": `Deno.readTextFileSync("${folder}/secret")`,
  "read /etc/passwd": `Deno.readTextFileSync("/etc/passwd")`,
  "read another process's environment": `Deno.readTextFileSync("/proc/" + Deno.ppid + "/environ")`,
  "list a folder": `[...Deno.readDirSync("/")].map(({ name }) => name)`,
  "write a file": `Deno.writeTextFileSync("${folder}/written", "x")`,
  "write into its source": `Deno.writeTextFileSync("${folder}/sources/written", "x")`,
  "make a folder": `Deno.mkdirSync("${folder}/made")`,
  "remove a file": `Deno.removeSync("${folder}/secret")`,
  "rename a file": `Deno.renameSync("${folder}/secret", "${folder}/renamed")`,
  "make a link": `Deno.symlinkSync("/etc", "${folder}/link")`,
  "change a mode": `Deno.chmodSync("${folder}/secret", 0o777)`,
  "change the folder": `Deno.chdir("/")`,
  "open a terminal": `Deno.openSync("/dev/tty", { read: true })`,
  "watch files": `Deno.watchFs("${folder}")`,
};
/** By the C library, which is there already: what the runtime itself would not even try. */
const calls: Record<string, string> = {
  "raise its limits": "setrlimit(2, new BigUint64Array([-1n, -1n]))",
  "make another process": "fork()",
  "a socket": "socket(2, 1, 0)",
  "a pair of sockets that take names": "socketpair(1, 2, 0, new Int32Array(2))",
  "trace its parent": "ptrace(16, Deno.ppid, 0n, 0n)",
  "signal its parent with a call": "kill(Deno.ppid, 0)",
  "become somebody else": "setuid(1)",
  "make a file in memory": "memfd_create(new Uint8Array([97, 0]), 0)",
  "look at its parent's memory": "process_vm_readv(Deno.ppid, null, 0n, null, 0n, 0n)",
  "other namespaces": "unshare(0x10000000)",
  "be told of events by a signal": "fcntl(0, 8, Deno.ppid)",
  "other rules for its memory": "prctl(4, 1n, 0n, 0n, 0n)",
  "a ring of calls": "syscall(425n, 1n, new Uint8Array(200))",
};
const signatures = `{
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" }, fork: { parameters: [], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, kill: { parameters: ["i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" }, setuid: { parameters: ["u32"], result: "i32" },
  ptrace: { parameters: ["i32", "i32", "usize", "usize"], result: "isize" }, unshare: { parameters: ["i32"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" }, fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  process_vm_readv: { parameters: ["i32", "buffer", "usize", "buffer", "usize", "usize"], result: "isize" },
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
  syscall: { parameters: ["isize", "usize", "buffer"], result: "isize" } }`;
for (const [name, call] of Object.entries(calls)) {
  tries[name] = `const { symbols } = Deno.dlopen("libc.so.6", ${signatures});
    if (Number(symbols.${call}) === -1) throw new Error("refused")`;
}
const works: Record<string, string> = {
  timers: `await new Promise((done) => setTimeout(done, 5))`,
  WebAssembly: `new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])))`,
  memory: `new Uint8Array(10_000_000).fill(1)`,
  randomness: `crypto.getRandomValues(new Uint8Array(8)); crypto.randomUUID()`,
  cryptography: `await crypto.subtle.digest("SHA-256", new Uint8Array(1000))`,
  dates: `new Date().toLocaleString("de")`,
  "the runtime's half second": `await new Promise((done) => setTimeout(done, 700))`,
};

const wall = new LinuxWall({ permissions: {}, sources: sources === undefined ? undefined : [sources] });
const confined = wall.confineFiles();
const memory = new ProcessMemory();
wall.boundMemory(memory.data!, 256);
const closed = wall.close();

/** One Worker after another: they can be made behind the wall too. */
function attempt(code: string): Promise<string> {
  const source = `let said = "done";
    try { ${code}; } catch (error) { said = error.name + ": " + error.message; }
    postMessage(said);`;
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  const worker = new Worker(url, { type: "module", deno: { permissions: "inherit" } } as WorkerOptions);
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      resolve(`ended: ${event.message}`);
    };
  });
}

const told: Record<string, string> = {};
for (const [name, code] of Object.entries({ ...tries, ...works })) told[name] = await attempt(code);
console.log(JSON.stringify({ confined, closed, tries: Object.keys(tries), works: Object.keys(works), told }));
Deno.exit(0);
