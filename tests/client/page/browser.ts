/** Real browsers, Chromium and Firefox, driven by WebDriver BiDi: what the tests of the page share. */
import puppeteer, {
  type BrowserContext,
  type CDPSession,
  type ConsoleMessage,
  type TouchHandle,
} from "npm:puppeteer-core@25.16.0";
import type { Browser as Driven, KeyInput, Page } from "npm:puppeteer-core@25.16.0";

/** The browsers that the page is tested in. */
export type BrowserName = "chromium" | "firefox";

/** The programs that are one of them, as they are called where. */
const programs: Readonly<Record<BrowserName, readonly (string | undefined)[]>> = {
  chromium: [
    Deno.env.get("CHROMIUM_PATH"),
    "/usr/bin/chromium",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ],
  firefox: [
    Deno.env.get("FIREFOX_PATH"),
    "/usr/bin/firefox-esr",
    "firefox-esr",
    "firefox",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
  ],
};

/** Where a browser is; `undefined` where there is none. */
export async function findBrowser(name: BrowserName): Promise<string | undefined> {
  for (const program of programs[name]) {
    if (program === undefined || program === "") continue;
    for (const folder of /[/\\]/.test(program) ? [""] : (Deno.env.get("PATH") ?? "").split(":")) {
      const path = folder === "" ? program : `${folder}/${program}`;
      try {
        if ((await Deno.stat(path)).isFile) return path;
      } catch {
        // It is not there.
      }
    }
  }
  return undefined;
}

// deno-lint-ignore no-explicit-any -- what a page answers is taken apart
type Json = any;

/** How long something on a page may take to come, in milliseconds: far longer than it does. */
const patience = 15_000;

/** A script in each page that tells what the security policy forbade, which no browser counts as an error. */
const tellViolations = `addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error("the security policy forbade " + violatedDirective + " of " + blockedURI));`;

/** A running browser. */
export class Browser {
  /** Which it is. */
  readonly name: BrowserName;
  readonly #driven: Driven;

  private constructor(name: BrowserName, driven: Driven) {
    this.name = name;
    this.#driven = driven;
  }

  /** Starts one with a profile of its own. */
  static async start(program: string): Promise<Browser> {
    const name = /firefox/i.test(program) ? "firefox" : "chromium";
    const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
    const driven = await puppeteer.launch({
      browser: name === "firefox" ? "firefox" : "chrome",
      protocol: "webDriverBiDi",
      executablePath: program,
      headless: true,
      defaultViewport: null,
      args: name === "firefox" ? [] : args,
      extraPrefsFirefox: {
        // There is no finger where it runs; without this it has no touch events.
        "dom.w3c_touch_events.enabled": 1,
        // A headless one has no system whose colours it could take.
        "ui.systemUsesDarkTheme": 0,
      },
    });
    return new Browser(name, driven);
  }

  /**
   * Opens a page in a window of its own, as of another person: Firefox draws a tab behind another once a second, and
   * less and less often. A script may run there before the page's own.
   */
  async open(url: string, width = 1280, height = 800, script = ""): Promise<BrowserPage> {
    const context = await this.#driven.createBrowserContext();
    const page = new BrowserPage(this.name, context, await context.newPage({ type: "window" }));
    await page.begin(url, width, height, script);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driven.close();
  }
}

/** The keys that are held down while another is pressed, by their bits. */
const modifierKeys: readonly (readonly [bit: number, key: KeyInput])[] = [
  [1, "Alt"],
  [2, "Control"],
  [4, "Meta"],
  [8, "Shift"],
];

/** Where in the window. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** One page of a browser. */
export class BrowserPage {
  /** Which browser shows it. */
  readonly browser: BrowserName;
  /** What the page complained of: exceptions, errors in its console, what its security policy forbade. */
  readonly complaints: string[] = [];
  /** The hosts that it asked for anything. */
  readonly hosts: Set<string> = new Set();
  readonly #context: BrowserContext;
  readonly #page: Page;
  readonly #fingers = new Map<number, TouchHandle>();
  #devTools: CDPSession | undefined;
  #pointed: Place | undefined;

  constructor(browser: BrowserName, context: BrowserContext, page: Page) {
    this.browser = browser;
    this.#context = context;
    this.#page = page;
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message: ConsoleMessage) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("request", (request) => this.#asked(request.url()));
  }

  #asked(url: string): void {
    const { protocol, host } = new URL(url);
    if (protocol !== "blob:" && protocol !== "data:") this.hosts.add(host);
  }

  /** Goes to an address. */
  async begin(url: string, width: number, height: number, script: string): Promise<void> {
    await this.resize(width, height);
    if (this.browser === "chromium") {
      this.#devTools = await this.#page.createCDPSession();
      // BiDi tells of no sockets there.
      await this.#devTools.send("Network.enable");
      this.#devTools.on("Network.webSocketCreated", ({ url }) => this.#asked(url));
    }
    await this.#page.evaluateOnNewDocument(tellViolations);
    if (script !== "") await this.#page.evaluateOnNewDocument(script);
    await this.#page.goto(url, { waitUntil: "domcontentloaded" });
  }

  /**
   * Says something to Chromium's DevTools. Input and reload are for both, by the methods below; of Emulation there is
   * nothing in Firefox, which stays as it is.
   */
  async send(method: string, params: Json = {}): Promise<Json> {
    if (method === "Page.reload") return await this.reload();
    if (method === "Input.dispatchMouseEvent") return await this.mouse(params.type, params, params.modifiers, params);
    if (method === "Input.dispatchTouchEvent") return await this.touch(params.type, params.touchPoints);
    if (method === "Input.dispatchKeyEvent") {
      if (params.type === "keyDown") await this.press(params.key, params.modifiers);
      return;
    }
    if (method === "Emulation.setEmulatedMedia") {
      const features: { name: string; value: string }[] = params.features;
      return await this.prefer(Object.fromEntries(features.map(({ name, value }) => [name, value])));
    }
    if (this.#devTools === undefined && method.startsWith("Emulation.")) return;
    if (this.#devTools === undefined) throw new Error(`${this.browser} has no DevTools to be told ${method}`);
    return await this.#devTools.send(method as "Page.enable", params);
  }

  /** Gives the window another size, in CSS pixels. */
  async resize(width: number, height: number): Promise<void> {
    await this.#page.setViewport({ width, height, deviceScaleFactor: 1 }).catch((error) => {
      // A Firefox of 2025 cannot be told which way it is held, and takes the size all the same.
      if (!String(error).includes("setScreenOrientationOverride")) throw error;
    });
  }

  /** Loads it anew. */
  async reload(): Promise<void> {
    await this.#page.reload({ waitUntil: "domcontentloaded" });
  }

  /** What an expression is in the page. */
  async evaluate(expression: string): Promise<Json> {
    try {
      return await this.#page.evaluate(expression);
    } catch (error) {
      throw new Error(`${expression}: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Waits until an expression is true in the page. @returns What it is. */
  async until(expression: string): Promise<Json> {
    // An element is true, too, but cannot be told.
    const told = `(async (found) => await found instanceof Node ? true : await found)(${expression})`;
    let last: unknown;
    for (const end = performance.now() + patience; performance.now() < end;) {
      // While it loads there is nothing to ask.
      last = await this.evaluate(told).catch((error) => error);
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

  /**
   * Clicks an element with the mouse, once it is there, enabled, and stays where it is: what the page itself scrolls at
   * its next frame would be clicked beside.
   */
  async click(selector: string): Promise<void> {
    const [x, y] = await this.until(`(async () => {
      const found = document.querySelector(${JSON.stringify(selector)});
      if (!found || found.disabled) return;
      const place = () => {
        const { left, top, width, height } = found.getBoundingClientRect();
        return width > 0 && height > 0 ? [left + width / 2, top + height / 2] : undefined;
      };
      found.scrollIntoView({ block: "center", behavior: "instant" });
      const before = place();
      for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
      return String(before) === String(place()) && before;
    })()`);
    this.#pointed = { x, y };
    await this.#page.mouse.click(x, y);
  }

  /** Moves, presses or releases the mouse at a place, or turns its wheel there; modifiers are Alt 1, Ctrl 2, Meta 4, Shift 8. */
  async mouse(
    type: "mouseMoved" | "mousePressed" | "mouseReleased" | "mouseWheel",
    { x, y }: Place,
    modifiers = 0,
    { deltaX = 0, deltaY = 0 }: { readonly deltaX?: number; readonly deltaY?: number } = {},
  ): Promise<void> {
    await this.#holding(modifiers, async () => {
      // Where it has not moved between them, two clicks are a double one.
      if (type === "mouseMoved" || x !== this.#pointed?.x || y !== this.#pointed.y) await this.#page.mouse.move(x, y);
      this.#pointed = { x, y };
      if (type === "mousePressed") await this.#page.mouse.down();
      if (type === "mouseReleased") await this.#page.mouse.up();
      if (type === "mouseWheel") await this.#page.mouse.wheel({ deltaX, deltaY });
    });
  }

  /** Clicks twice at a place. */
  async doubleClick({ x, y }: Place): Promise<void> {
    this.#pointed = { x, y };
    await this.#page.mouse.click(x, y, { count: 2 });
  }

  /** Puts fingers down, moves them, or lifts all of them. */
  async touch(
    type: "touchStart" | "touchMove" | "touchEnd",
    points: readonly (Place & { readonly id?: number })[] = [],
  ) {
    for (const [index, { x, y, id = index }] of points.entries()) {
      const finger = this.#fingers.get(id);
      if (finger === undefined) this.#fingers.set(id, await this.#page.touchscreen.touchStart(x, y));
      else if (type === "touchMove") await finger.move(x, y);
    }
    if (type !== "touchEnd") return;
    for (const finger of this.#fingers.values()) await finger.end();
    this.#fingers.clear();
  }

  /** Puts the focus on an element and types in place of what it holds. */
  async fill(selector: string, text: string): Promise<void> {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${found} && !${found}.disabled && (${found}.focus(), ${found}.select(), true)`);
    if (text === "") await this.press("Delete");
    else await this.type(text);
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
    await this.#page.keyboard.type(text);
  }

  /** Presses a key, with others held down: Alt 1, Ctrl 2, Meta 4, Shift 8. */
  async press(key: string, modifiers = 0): Promise<void> {
    await this.#holding(modifiers, () => this.#page.keyboard.press(key as KeyInput));
  }

  async #holding(modifiers: number, act: () => Promise<void>): Promise<void> {
    const held = modifierKeys.filter(([bit]) => modifiers & bit);
    for (const [, key] of held) await this.#page.keyboard.down(key);
    await act();
    for (const [, key] of held) await this.#page.keyboard.up(key);
  }

  /** Shows it as to somebody who prefers so. @returns Whether it does: Firefox cannot be told. */
  async prefer(features: Readonly<Record<string, string>>): Promise<boolean> {
    if (this.browser === "firefox") return false;
    await this.#page.emulateMediaFeatures(Object.entries(features).map(([name, value]) => ({ name, value })));
    return true;
  }

  /** Writes what it shows into a file, for people to look at: PNG, or WebP by the name's end. */
  async screenshot(path: string): Promise<void> {
    await Deno.writeFile(path, await this.#page.screenshot({ type: path.endsWith(".webp") ? "webp" : "png" }));
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
