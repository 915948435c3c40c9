/** A real Chromium, driven through its DevTools: what the tests of the page share. */

/** The programs that are a Chromium, as they are called where. */
const programs = [
  Deno.env.get("CHROMIUM_PATH"),
  "/usr/bin/chromium",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Where a Chromium is; `undefined` where there is none. */
export async function findChromium(): Promise<string | undefined> {
  for (const program of programs) {
    if (program === undefined || program === "") continue;
    try {
      // On Windows --version opens a window instead.
      if (Deno.build.os === "windows") {
        await Deno.stat(program);
        return program;
      }
      const command = new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" });
      if ((await command.output()).success) return program;
    } catch {
      // It is not there.
    }
  }
  return undefined;
}

// deno-lint-ignore no-explicit-any -- what DevTools send is taken apart
type Json = any;

/** How long something on a page may take to come, in milliseconds: far longer than it does. */
const patience = 15_000;

/** A running browser. */
export class Browser {
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Json>>();
  readonly #listeners = new Map<string, (method: string, params: Json) => void>();
  #lastId = 0;

  private constructor(process: Deno.ChildProcess, folder: string, socket: WebSocket) {
    this.#process = process;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  /** Starts one with a profile of its own. */
  static async start(program: string): Promise<Browser> {
    const folder = await Deno.makeTempDir({ prefix: "heliograph-page-" });
    const process = new Deno.Command(program, {
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--remote-debugging-port=0",
        `--user-data-dir=${folder}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const socket = new WebSocket(await devTools(folder));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new Browser(process, folder, socket);
  }

  /** Opens a page in a window of its own, as of another person; a script may run there before the page's own. */
  async open(url: string, width = 1280, height = 800, script = ""): Promise<BrowserPage> {
    const { browserContextId } = await this.send("Target.createBrowserContext", {});
    const { targetId } = await this.send("Target.createTarget", {
      url: "about:blank",
      browserContextId,
      width,
      height,
    });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new BrowserPage(this, sessionId, targetId);
    this.#listeners.set(sessionId, (method, params) => page.told(method, params));
    await page.begin(url, width, height, script);
    return page;
  }

  /** Sends a command. */
  send(method: string, params: Json, sessionId?: string): Promise<Json> {
    const waiting = Promise.withResolvers<Json>();
    const id = ++this.#lastId;
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return waiting.promise;
  }

  #take({ id, result, error, method, params, sessionId }: Json): void {
    if (id === undefined) return this.#listeners.get(sessionId)?.(method, params);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.send(JSON.stringify({ id: 0, method: "Browser.close" }));
    await closed;
    await this.#process.status;
    // Its helpers may be writing for a moment longer.
    for (let tries = 0; tries < 20; tries++) {
      try {
        return await Deno.remove(this.#folder, { recursive: true });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

/** The address of a browser's DevTools, which it writes into its profile. */
async function devTools(folder: string): Promise<string> {
  for (let waited = 0; waited < patience; waited += 20) {
    try {
      const [port, path] = (await Deno.readTextFile(`${folder}/DevToolsActivePort`)).split("\n");
      if (path) return `ws://127.0.0.1:${port}${path}`;
    } catch {
      // It has not been written yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("Chromium did not say where its DevTools listen");
}

/** The keys that are pressed by name: their code, and the text that they enter. */
const keys: Readonly<Record<string, { code: number; text?: string }>> = {
  Tab: { code: 9 },
  Enter: { code: 13, text: "\r" },
  Escape: { code: 27 },
  " ": { code: 32, text: " " },
  End: { code: 35 },
  ArrowUp: { code: 38 },
  ArrowDown: { code: 40 },
};

/** One page of a browser. */
export class BrowserPage {
  /** What the page complained of: exceptions, errors in its console, what its security policy forbade. */
  readonly complaints: string[] = [];
  /** The hosts that it asked for anything. */
  readonly hosts: Set<string> = new Set();
  readonly #browser: Browser;
  readonly #session: string;
  readonly #target: string;

  constructor(browser: Browser, session: string, target: string) {
    this.#browser = browser;
    this.#session = session;
    this.#target = target;
  }

  /** Takes what the browser tells of it. */
  told(method: string, params: Json): void {
    if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params.exceptionDetails));
    // A connection that is refused is not the page's fault.
    if (method === "Log.entryAdded" && params.entry.level === "error" && params.entry.source !== "network") {
      this.complaints.push(params.entry.text);
    }
    if (method === "Runtime.consoleAPICalled" && params.type === "error") {
      this.complaints.push(JSON.stringify(params.args));
    }
    if (method === "Network.requestWillBeSent") this.#asked(params.request.url);
    if (method === "Network.webSocketCreated") this.#asked(params.url);
  }

  #asked(url: string): void {
    const { protocol, host } = new URL(url);
    if (protocol !== "blob:" && protocol !== "data:") this.hosts.add(host);
  }

  /** Goes to an address. */
  async begin(url: string, width: number, height: number, script: string): Promise<void> {
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
    await this.resize(width, height);
    if (script !== "") await this.send("Page.addScriptToEvaluateOnNewDocument", { source: script });
    await this.send("Page.navigate", { url });
  }

  /** Sends a command. */
  send(method: string, params: Json = {}): Promise<Json> {
    return this.#browser.send(method, params, this.#session);
  }

  /** Gives the window another size, in CSS pixels. */
  async resize(width: number, height: number): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /** What an expression is in the page. */
  async evaluate(expression: string): Promise<Json> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  /** Waits until an expression is true in the page. @returns What it is. */
  async until(expression: string): Promise<Json> {
    let last: unknown;
    for (const end = performance.now() + patience; performance.now() < end;) {
      // While it loads there is nothing to ask.
      last = await this.evaluate(expression).catch((error) => error);
      if (last && !(last instanceof Error)) return last;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`it never came true on the page: ${expression}; it is ${last}`);
  }

  /** Waits until an element shows a text. */
  async shows(selector: string, text: string): Promise<void> {
    const expression = `document.querySelector(${JSON.stringify(selector)})?.textContent.includes(${
      JSON.stringify(text)
    })`;
    await this.until(expression).catch(async (error) => {
      throw new Error(`${error.message}; ${selector} is ${await this.evaluate(
        `document.querySelector(${JSON.stringify(selector)})?.outerHTML`,
      )}`);
    });
  }

  /** Clicks an element with the mouse, once it is there, enabled, and stays where it is. */
  async click(selector: string): Promise<void> {
    const [x, y] = await this.until(`(() => {
      const found = document.querySelector(${JSON.stringify(selector)});
      if (!found || found.disabled) return;
      found.scrollIntoView({ block: "center" });
      const { left, top, width, height } = found.getBoundingClientRect();
      const place = [left + width / 2, top + height / 2];
      const stays = String(found.lastPlace) === String(place);
      found.lastPlace = place;
      return stays && width > 0 && place;
    })()`);
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
  }

  /** Puts the focus on an element and types in place of what it holds. */
  async fill(selector: string, text: string): Promise<void> {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${found} && !${found}.disabled && (${found}.focus(), ${found}.select(), true)`);
    await this.send("Input.insertText", { text });
  }

  /** Chooses one of what a select offers, once it is there. */
  async choose(selector: string, value: string): Promise<void> {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`[...${found}?.options ?? []].some(({ value }) => value === ${JSON.stringify(value)})`);
    await this.evaluate(`{
      ${found}.value = ${JSON.stringify(value)};
      ${found}.dispatchEvent(new Event("change", { bubbles: true }));
    }`);
  }

  /** Types where the focus is. */
  async type(text: string): Promise<void> {
    await this.send("Input.insertText", { text });
  }

  /** Presses a key. */
  async press(key: string, modifiers = 0): Promise<void> {
    const { code, text } = keys[key]!;
    const event = { key, code: key === " " ? "Space" : key, windowsVirtualKeyCode: code, modifiers };
    await this.send("Input.dispatchKeyEvent", { ...event, type: "keyDown", ...(text === undefined ? {} : { text }) });
    await this.send("Input.dispatchKeyEvent", { ...event, type: "keyUp" });
  }

  /** Writes what it shows into a file, for people to look at. */
  async screenshot(path: string): Promise<void> {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    await Deno.writeFile(path, Uint8Array.from(atob(data), (character) => character.charCodeAt(0)));
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.send("Target.closeTarget", { targetId: this.#target });
  }
}
