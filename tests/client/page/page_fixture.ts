/** What the tests of the page share: a browser, a server with something odd on its bench, and where things are on it. */
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { demoOverview } from "../../../server/config/demo_overview.ts";
import { command } from "../../../server/bench/command.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import type { Instrument } from "../../../server/bench/instrument.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { startServer } from "../../fixture.ts";
import { Browser, type BrowserName, type BrowserPage, findBrowser } from "./browser.ts";

/** Where the browsers are; without one its tests are ignored. */
const found: Readonly<Record<BrowserName, string | undefined>> = {
  chromium: await findBrowser("chromium"),
  firefox: await findBrowser("firefox"),
};
for (const [name, path] of Object.entries(found)) {
  if (path !== undefined) continue;
  const variable = `${name.toUpperCase()}_PATH`;
  console.warn(
    `The tests of the page in ${name} are ignored: it was not found; install it, or say where with ${variable}`,
  );
}
/** How a test in browsers is run. */
const sanitizers = {
  // On Deno 2.4 a busy machine lets go of a browser's connections only after the server has stopped waiting for that.
  sanitizeOps: !Deno.version.deno.startsWith("2.4."),
  sanitizeResources: !Deno.version.deno.startsWith("2.4."),
} as const;

/** A test of the page. */
export interface PageTest {
  readonly name: string;
  /** The browsers that it is run in. @default both */
  readonly browsers?: readonly BrowserName[];
  /** Whether it must leave nothing open. @default as all others */
  readonly sanitizeResources?: boolean;
  /** Is given a browser that was started for it. */
  fn(t: Deno.TestContext, browser: Browser): Promise<void>;
}

/** Runs a test in each of the browsers. */
export function inBrowsers({ name, browsers = ["chromium", "firefox"], fn, ...beside }: PageTest): void {
  for (const browser of browsers) {
    const path = found[browser];
    Deno.test({
      name: `${name}, in ${browser}`,
      ignore: path === undefined,
      ...sanitizers,
      ...beside,
      async fn(t) {
        await using started = await Browser.start(path!);
        await fn(t, started);
      },
    });
  }
}

/** Where a Chromium is, for a test that starts it itself. */
export const { chromium } = found;
/** How such a test is run. */
export const inBrowser = { ignore: chromium === undefined, ...sanitizers } as const;

/** A script by which a page takes itself for an observer's, whatever the server says. */
export const asObserver = `{
  const { parse } = JSON;
  JSON.parse = (text, ...rest) => parse(typeof text === "string"
    ? text.replace('"role":"admin","roleName":"admin"', '"role":"observer","roleName":"observer"').replace(/"rights":\\[[^\\]]*\\]/, '"rights":["read"]')
    : text, ...rest);
}`;

/** A text that would run as a script where a page took it for HTML. */
export const hostile = `<img src=x onerror="document.title='taken'">`;

/** An instrument whose fields are as a test wants them, and that says hostile things. */
function odd(): { instrument: Instrument; fail: (reason: string) => void } {
  let failure = "";
  const instrument = defineInstrument({
    title: `Odd ${hostile}`,
    summary: `summary ${hostile}`,
    fields: {
      Broken: {
        type: "float",
        unit: "V",
        read: () => {
          if (failure !== "") throw new Error(failure);
          return 1;
        },
      },
      Unread: { type: "float", unit: "V", access: "readout" },
      Remark: { type: "text", initial: `value ${hostile}`, access: "readout" },
      [`Field ${hostile}`]: {
        type: "choice",
        choices: [`choice ${hostile}`, "other"],
        initial: "other",
        write: () => {},
      },
      Note: { type: "text", initial: "", write: () => {} },
    },
    commands: {
      speak: command({ summary: `Say it ${hostile}`, run: () => `reply ${hostile}` }),
    },
  });
  return { instrument, fail: (reason) => failure = reason };
}

/** The card of an instrument. */
export const card = (name: string) => `[aria-labelledby=card-${name}]`;
/** The row of a field. */
export const field = (instrument: string, name: string) => `${card(instrument)} [data-field=${name}]`;

/**
 * A server with the demo bench and an odd instrument, whose camera writes into a folder of its own.
 *
 * @param drawn Whether it has the demo bench's drawing. @default it has not
 */
export async function withServer(
  run: (server: HeliographServer, fail: (reason: string) => void) => Promise<void>,
  drawn = false,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const { instrument, fail } = odd();
    const camera = { imageFolders: [folder.replaceAll("\\", "/")] };
    const file = `${folder}/lab.svg`;
    if (drawn) await Deno.writeTextFile(file, demoOverview);
    await using server = startServer({
      ...(drawn ? { overview: { svg: demoOverview, file } } : {}),
      poll: true,
      webPort: 0,
      datalog: { folder: `${folder}/logs` },
      instruments: [...demoInstruments({ camera }), instrument],
    });
    await server.ready;
    await run(server, fail);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until a page shows all of the bench. */
export async function ready(page: BrowserPage): Promise<void> {
  await page.shows("header", "Connected");
  await page.until(`document.querySelectorAll("article").length >= 12`);
}

/** The controls that a screen reader could not name. */
export const unnamedControls = `[...document.querySelectorAll("button, input, select")]
  .filter((each) => !(each.ariaLabel || each.textContent || each.labels?.[0]?.textContent))
  .map((each) => each.outerHTML)`;

/** What reaches beyond the window, where that can be seen; a drawing has a place that scrolls to its side. */
export const outsiders = `[...document.querySelectorAll("main *, header *")]
  .filter((each) => {
    const { left, right, width, height } = each.getBoundingClientRect();
    return width > 1 && height > 1 && !each.closest(".skip, .overview-scroll > *") && (right > innerWidth + 1 || left < -1);
  })
  .map((each) => each.outerHTML.slice(0, 200))`;

/** The texts below WCAG AA's contrast of 4.5 to 1; controls that are off may have less. */
export const poorContrasts = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!text || element.closest(":disabled, noscript")) continue;
    const [one, other] = [channels(getComputedStyle(element).color), ground(element)].map(luminance);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) poor.add(ratio.toFixed(2) + " " + element.outerHTML.slice(0, 120));
  }
  return [...poor];
})()`;
