/** Signing in, and the place of people, in real browsers: also that they keep the cookie on this PC without TLS. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Access, type AccessOptions } from "../../../server/access/admit.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { startServer } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { violations } from "./accessible.ts";
import type { BrowserPage } from "./browser.ts";
import { withInstitute } from "../../institute.ts";
import { card, inBrowsers, outsiders, unnamedControls } from "./page_fixture.ts";

async function withServer(
  loopback: NonNullable<AccessOptions["loopback"]>,
  run: (server: HeliographServer, store: AccessStore) => Promise<void>,
): Promise<void> {
  const store = new AccessStore();
  await using server = startServer({}, { access: new Access({ store, loopback }) });
  await server.ready;
  await run(server, store);
}

async function signedIn(page: BrowserPage): Promise<void> {
  await page.shows("header", "Connected");
  await page.until(`document.querySelector("${card("tempcon")}") !== null`);
}

/** What is wrong for people, in the window of a phone and of a PC. */
async function checkLooks(page: BrowserPage): Promise<void> {
  for (const [width, height] of [[390, 844], [1280, 800]] as const) {
    await page.resize(width, height);
    await page.until(`innerWidth === ${width}`);
    deepStrictEqual(await page.evaluate(outsiders), [], `at ${width}`);
    deepStrictEqual(await page.evaluate(unnamedControls), []);
    deepStrictEqual(await violations(page), [], `at ${width}`);
  }
}

inBrowsers({
  name: "page: one signs in with a token or a link, sees what one may do, and signs out",
  async fn(t, browser) {
    await withServer("token", async (server, store) => {
      const token = await store.add({ name: "ana", role: "operator", instruments: ["tempcon"] });
      for (const host of ["127.0.0.1", "localhost"]) {
        const url = base(server).replace("127.0.0.1", host);
        await using page = await browser.open(`${url}/#/plots`);
        await t.step(`with a token, on ${host}`, async () => {
          await page.shows("main", "Your token");
          if (host === "localhost") await checkLooks(page);
          await page.fill("#sign-in-token", "hg_wrong");
          await page.press("Enter");
          await page.shows("[role=alert]", "The token is wrong");
          await page.fill("#sign-in-token", token);
          await page.press("Enter");
          await page.shows("header", "ana: operator");
          match(await page.evaluate("location.hash"), /^#\/plots/, "one is where one wanted to be");
          strictEqual(await page.evaluate("document.cookie"), "", "no script reads it");
          ok(!(await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")).includes("hg_"));
        });
        if (host !== "localhost") continue;
        await t.step("what one may not do is not offered", async () => {
          await page.evaluate(`location.hash = "#/bench"`);
          await signedIn(page);
          await page.until(`document.querySelector("${card("tempcon")} input:enabled") !== null`);
          strictEqual(
            await page.evaluate(`document.querySelector("${card("uv_light")} :is(input, select):enabled")`),
            null,
          );
          await page.click("#open-people");
          await page.shows("dialog", "You are ana, operator. You may drive tempcon, disconnect others and arrange");
          strictEqual(await page.evaluate(`document.querySelector("#people-place")`), null);
          await page.evaluate(`location.hash = "#/people"`);
          await page.shows("main", "Saying who may do what needs the right to administer");
        });
        await t.step("signing out forgets the bench, and the address of a link its secret", async () => {
          await page.click("#sign-out");
          await page.shows("main", "Your token");
          strictEqual(await page.evaluate(`document.querySelector("article")`), null);
          const secret = await store.invite({ name: "ana", role: "operator", kind: "link", seconds: 60 });
          await using other = await browser.open(`${url}/#/sign-in?secret=${secret}`);
          await other.shows("header", "ana: operator");
          strictEqual(await other.evaluate("location.href"), `${url}/`);
          await page.evaluate(`location.hash = "#/sign-in?secret=${secret}"`);
          await page.shows("[role=alert]", "has been used");
          strictEqual(await page.evaluate("location.hash"), "#/sign-in");
          await store.revoke("ana");
          await other.shows("main", "Your token");
        });
      }
    });
  },
});

inBrowsers({
  name: "page: one signs in at one's institute, and is back with the role of one's group",
  async fn(_, browser) {
    await withInstitute(async ({ page: address, institute }) => {
      await using page = await browser.open(`${address}/`);
      await page.shows("main", "Sign in with the university");
      await checkLooks(page);
      institute.refuses = true;
      await page.click("#sign-in-institute");
      await page.shows("body", "You are not signed in: the university does not say who you are: the person said no");
      institute.refuses = false;
      await page.click("a");
      await page.shows("main", "Sign in with the university");
      await page.click("#sign-in-institute");
      await page.shows("header", "ana: operator");
      await signedIn(page);
    });
  },
});

inBrowsers({
  name: "page: administrators add people, tell them their token once, make links, and end sessions",
  async fn(t, browser) {
    await withServer("open", async (server, store) => {
      await using page = await browser.open(`${base(server)}/`);
      await signedIn(page);
      await page.click("#open-people");
      await page.click("#people-place");
      await page.shows("main", "Nobody has a token");

      await t.step("add", async () => {
        await page.fill("[name=name]", "night script");
        await page.fill("[name=purpose]", "cools down");
        await page.click("[name=all]");
        strictEqual(await page.evaluate(`document.querySelector(".add-person [type=submit]").disabled`), true);
        await page.click("[name=drives][value=tempcon]");
        await page.click(".add-person [type=submit]");
        await page.shows(".told-once", "told once");
        const token: string = await page.evaluate(`document.querySelector(".told-once code").textContent`);
        strictEqual(store.find(token)?.name, "night script");
        deepStrictEqual(store.people[0]?.instruments, ["tempcon"]);
        await page.shows("[data-person]", "operator of tempcon");
        await checkLooks(page);
        await page.click(".told-once > button");
        strictEqual(await page.evaluate("document.body.textContent.includes('hg_')"), false);
        await page.fill("[name=name]", "Night Script");
        await page.click(".add-person [type=submit]");
        await page.shows("main [role=alert]", "somebody of that name has a token");
      });

      await t.step("a link signs another browser in, whose session is seen and ended", async () => {
        await page.click("[aria-label='Link for night script']");
        await page.shows(".told-once", "#/sign-in?secret=hg_");
        const link: string = await page.evaluate(`document.querySelector(".told-once code").textContent`);
        await using other = await browser.open(link);
        await other.shows("header", "night script: operator");
        await page.shows("[data-session]", "open now");
        await page.click("[aria-label^='End the session of night script']");
        await page.until(`document.querySelector("[data-session]") === null`);
        // On this PC whoever has not signed in may do everything, as the bench has it.
        await other.shows("header", "admin");
      });

      await t.step("renew and revoke ask first", async () => {
        await page.click("[aria-label='Renew night script']");
        await page.shows("[data-person]", "The old token ends");
        await page.click("[data-person] .danger");
        await page.shows(".told-once code", "hg_");
        await page.until(`!document.querySelector(".told-once code").textContent.includes("secret=")`);
        await page.click("[aria-label='Revoke night script']");
        await page.click("[data-person] .danger");
        await page.shows("main", "Nobody has a token");
        match(JSON.stringify(store.people), /^\[\]$/);
      });
      deepStrictEqual(page.complaints.filter((text) => !text.includes("400")), []);
    });
  },
});

inBrowsers({
  name: "page: a passkey is added, signs in, and is refused for another page, again, counted back, and once removed",
  browsers: ["chromium"],
  async fn(_, browser) {
    await withServer("token", async (server, store) => {
      const token = await store.add({ name: "ana", role: "operator" });
      {
        await using page = await browser.open(`${base(server)}/`);
        await page.shows("main", "Passkeys need a name in the address");
        strictEqual(await page.evaluate(`document.querySelector("#sign-in-passkey")`), null);
      }
      const url = base(server).replace("127.0.0.1", "localhost");
      await using page = await browser.open(`${url}/`);
      await page.shows("main", "Sign in with a passkey");
      await page.send("WebAuthn.enable");
      const { authenticatorId } = await page.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
        },
      });
      await page.fill("#sign-in-token", token);
      await page.press("Enter");
      await page.shows("header", "ana: operator");
      await page.click("#open-people");
      await page.fill("[name=passkey]", "this PC");
      await page.click(".passkeys [type=submit]");
      await page.shows("[data-passkey]", "this PC");
      await checkLooks(page);
      const { id, key, counter } = store.passkeysOf("ana")![0]!;
      ok(key.length > 50 && !JSON.stringify(store.people).includes(key), "lists tell no keys");
      await page.click("#sign-out");
      await page.click("#sign-in-passkey");
      await page.shows("header", "ana: operator");
      ok(store.passkeysOf("ana")![0]!.counter > counter, "its counter is kept");

      // What the browser would answer a page that asks as it likes.
      const answer = (change = "") =>
        page.evaluate(`(async () => {
          const post = (path, body) => fetch("/api/v1/session/" + path, {
            method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
          const options = await (await post("passkey/options", {})).json();
          const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
          const credential = (await navigator.credentials.get({ publicKey })).toJSON();
          ${change}
          const first = await (await post("passkey", { credential })).json();
          const second = await (await post("passkey", { credential })).json();
          return [first, second].map(({ value, error }) => value ?? error.message);
        })()`);
      const [first, again] = await answer();
      strictEqual(first, "ana");
      match(again, /^The passkey is refused: .*challenge/, "a challenge is answered once");
      const [elsewhere] = await answer(`
        const said = JSON.parse(atob(credential.response.clientDataJSON.replaceAll("-", "+").replaceAll("_", "/")));
        said.origin = "https://evil.example";
        credential.response.clientDataJSON = btoa(JSON.stringify(said)).replaceAll("+", "-").replaceAll("/", "_")
          .replace(/=+$/, "");`);
      match(elsewhere, /^The passkey is refused: .*origin.*evil\.example/);
      const [passkey] = store.passkeysOf("ana")!;
      await store.countPasskey("ana", passkey!, 1000);
      match((await answer())[0], /^The passkey is refused: .*counter/, "a copy of it counts anew");
      await store.countPasskey("ana", { ...passkey!, counter: 1000 }, passkey!.counter + 1);

      await page.reload();
      await page.click("#open-people");
      await page.click("[aria-label='Remove the passkey this PC']");
      await page.until(`document.querySelector("[data-passkey]") === null`);
      deepStrictEqual(store.passkeysOf("ana"), []);
      match((await answer())[0], /nobody has it here/);
      await store.addPasskey("ana", passkey!);
      await store.revoke("ana");
      match((await answer())[0], /nobody has it here/, "whoever is revoked signs in by none");
      await page.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
      strictEqual(passkey!.id, id);
    });
  },
});
