/** Measures the page on a large bench in a headless Chromium: its frames, its memory, and what it keeps over a week. */
import puppeteer, { type Page } from "npm:puppeteer-core@25.16.0";
import { findBrowser } from "../tests/client/page/browser.ts";
import { median, start } from "./processes.ts";

const instruments = 200;
const fields = 10;
const rounds = 3;
const seconds = 10;
/** A reading of the bench each second for a week. */
const week = 7 * 24 * 3600;
const megabyte = 2 ** 20;

/** Keeps the page's socket, and one change of each field as it came, so that others like them can be made. */
const keepSocket = `{
  globalThis.changes = new Map();
  globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      globalThis.socket = this;
      this.addEventListener("message", ({ data }) => {
        const message = JSON.parse(data);
        if (message.event === "field") changes.set(message.instrument + "." + message.field, message);
      });
    }
  };
}`;

/** When the first value was seen, in milliseconds after the page was asked for. */
const firstValue = `new Promise((resolve) => {
  const look = () => /\\d/.test(document.querySelector(".main-value .text")?.textContent ?? "")
    ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})`;

/** Frames a second, and the longest time between two, over some seconds. */
const frames = `new Promise((resolve) => {
  let count = 0, longest = 0, last;
  const begin = performance.now();
  const frame = (now) => {
    count++;
    if (last !== undefined) longest = Math.max(longest, now - last);
    last = now;
    if (now - begin < ${1000 * seconds}) requestAnimationFrame(frame);
    else resolve({ rate: 1000 * count / (now - begin), longest });
  };
  requestAnimationFrame(frame);
})`;

/** Pushes the readings of a week through the page's socket, as fast as it takes them. */
const pushWeek = `(async () => {
  const all = [...changes.values()];
  const begin = Date.now();
  for (let second = 0; second < ${week}; second++) {
    const change = all[second % all.length];
    const value = 20 + Math.sin(second / 50);
    socket.onmessage({ data: JSON.stringify({
      ...change, value, text: value.toFixed(3), time: new Date(begin + 1000 * second).toISOString(),
    }) });
    if (second % 10_000 === 0) await new Promise(requestAnimationFrame);
  }
  return all.length;
})()`;

/** The memory in use after what is not needed has been let go, in MB. */
async function heap(page: Page): Promise<number> {
  const tools = await page.createCDPSession();
  await tools.send("HeapProfiler.enable");
  for (let time = 0; time < 2; time++) await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  await tools.detach();
  return usedSize / megabyte;
}

/** The memory of a browser's largest renderer, in MB, where the system tells it. */
async function rendererMemory(browser: number): Promise<number> {
  let largest = 0;
  const parents = new Map<number, number>();
  const renderers: [pid: number, memory: number][] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = await Deno.readTextFile(`/proc/${name}/status`);
      const number = (what: string) => Number(new RegExp(`^${what}:\\s+(\\d+)`, "m").exec(status)?.[1]);
      parents.set(Number(name), number("PPid"));
      const command = await Deno.readTextFile(`/proc/${name}/cmdline`);
      if (command.includes("--type=renderer")) renderers.push([Number(name), number("VmRSS") / 1024]);
    } catch {
      // It has ended.
    }
  }
  for (const [pid, memory] of renderers) {
    let at: number | undefined = pid;
    while (at !== undefined && at !== browser) at = parents.get(at);
    if (at === browser) largest = Math.max(largest, memory);
  }
  return largest;
}

/** Measures it. */
export async function measurePage(): Promise<void> {
  const executablePath = await findBrowser("chromium");
  if (executablePath === undefined) {
    console.log("the page is not measured: there is no Chromium; install one, or set CHROMIUM_PATH");
    return;
  }
  const server = await start("page_server.ts", String(instruments), String(fields));
  const browser = await puppeteer.launch({
    executablePath,
    headless: true,
    // A week takes minutes on a busy machine.
    protocolTimeout: 0,
    defaultViewport: { width: 1280, height: 800 },
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const url = `http://127.0.0.1:${server.ports[0]}/`;
    const load = () => Deno.loadavg()[0]!.toFixed(1);
    const firsts: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const page = await browser.newPage();
      await page.goto(url, { waitUntil: "domcontentloaded" });
      firsts.push(await page.evaluate(firstValue) as number);
      await page.close();
    }
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(keepSocket);
    await page.goto(url);
    await page.waitForFunction(`document.querySelectorAll("article").length === ${instruments}`);
    await page.waitForFunction(`changes.size === ${instruments * fields}`, { timeout: 60_000 });
    const rates: number[] = [];
    const longest: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const told = await page.evaluate(frames) as { rate: number; longest: number };
      rates.push(told.rate);
      longest.push(told.longest);
    }
    const before = await heap(page);
    console.log(
      `the page with ${instruments} instruments of ${fields} fields at 1 Hz: ${median(rates).toFixed(1)} frames/s ` +
        `(aim: 55), at most ${Math.max(...longest).toFixed(0)} ms between two; first value seen after ` +
        `${median(firsts).toFixed(0)} ms (aim: below 500); heap ${before.toFixed(1)} MB, renderer ` +
        `${
          (await rendererMemory(browser.process()!.pid!)).toFixed(0)
        } MB (aim: below 200); the machine's load was ${load()}`,
    );
    const metrics = await page.metrics();
    console.log(
      `  of ${metrics.Timestamp === undefined ? "?" : metrics.TaskDuration?.toFixed(1)} s of tasks: scripts ` +
        `${metrics.ScriptDuration?.toFixed(1)} s, styles ${metrics.RecalcStyleDuration?.toFixed(1)} s, layout ` +
        `${metrics.LayoutDuration?.toFixed(1)} s; ${metrics.Nodes} nodes`,
    );
    // Twice: what is kept at all is kept after the first.
    const heaps: number[] = [];
    for (let time = 0; time < 2; time++) {
      await page.evaluate(pushWeek);
      heaps.push(await heap(page));
    }
    console.log(
      `  ${week} readings, as of a week: heap ${before.toFixed(1)} MB before, ${heaps[0]!.toFixed(1)} MB after, ` +
        `${heaps[1]!.toFixed(1)} MB after as many again; renderer ` +
        `${(await rendererMemory(browser.process()!.pid!)).toFixed(0)} MB`,
    );
  } finally {
    await browser.close();
    server.child.kill();
    await server.child.status;
  }
}

if (import.meta.main) await measurePage();
