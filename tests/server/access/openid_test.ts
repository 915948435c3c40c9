/** Signing in at one's institute, which is a real provider of OpenID Connect here: by hand, as an attacker would too. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { startServer } from "../../fixture.ts";
import { withInstitute } from "../../institute.ts";

/** A browser: it keeps the cookies of each site, and follows where it is sent. */
class Browser {
  readonly #jars = new Map<string, Map<string, string>>();

  async go(url: string, method = "GET"): Promise<Response> {
    const { host } = new URL(url);
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const sent = method === "POST"
      ? { body: "{}", headers: { cookie, "Content-Type": "application/json" } }
      : { headers: { cookie } };
    const response = await fetch(url, { method, redirect: "manual", ...sent });
    for (const each of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each)!;
      if (value === "" || /max-age=0/i.test(each)) jar.delete(name!);
      else jar.set(name!, value!);
    }
    return response;
  }

  /** Follows where it is sent until it would come to an address that begins so. */
  async follow(url: string, until: string): Promise<string> {
    for (let hops = 0; hops < 10; hops++) {
      if (url.startsWith(until)) return url;
      const response = await this.go(url);
      await response.body?.cancel();
      url = new URL(response.headers.get("location")!, url).href;
    }
    throw new Error(`It never came to ${until}`);
  }

  cookies(host: string): string[] {
    return [...this.#jars.get(host)?.keys() ?? []];
  }
}

const path = "/api/v1/session/openid";

async function begin(browser: Browser, page: string): Promise<string> {
  return (await (await browser.go(`${page}${path}`, "POST")).json()).url;
}

Deno.test("openid: whoever the institute vouches for has the role of their group, until their session ends", async () => {
  await withInstitute(async ({ page, institute }) => {
    const browser = new Browser();
    strictEqual((await (await browser.go(`${page}/api/v1/session`)).json()).institute, "the university");
    const back = await browser.follow(await begin(browser, page), `${page}${path}`);
    const answer = await browser.go(back);
    await answer.body?.cancel();
    deepStrictEqual([answer.status, answer.headers.get("location")], [303, "/"]);
    const cookie = answer.headers.getSetCookie().find((each) =>
      each.startsWith("__Host-heliograph-") && !each.includes("openid")
    );
    match(cookie!, /; Secure; HttpOnly; SameSite=Strict$/);
    const state = await (await browser.go(`${page}/api/v1/session`)).json();
    deepStrictEqual([state.who.name, state.who.role, state.signedIn], ["ana", "operator", true]);
    const hours = (Date.parse(state.until) - Date.now()) / 3_600_000;
    ok(hours > 11.9 && hours <= 12, `${hours} h`);
    // The same answer again, as who has read the address would try, in this browser and in another.
    for (const other of [browser, new Browser()]) {
      const again = await other.go(back);
      strictEqual(again.status, 401);
      match(await again.text(), /You are not signed in: This browser has not begun to sign in at the university/);
    }
    institute.member = { sub: "2", preferred_username: "bo", groups: ["students", "it", "staff"] };
    const next = new Browser();
    await (await next.go(await next.follow(await begin(next, page), `${page}${path}`))).body?.cancel();
    strictEqual((await (await next.go(`${page}/api/v1/session`)).json()).who.role, "admin");
  });
});

Deno.test("openid: what the institute does not vouch for is refused, told, and signs nobody in", async (t) => {
  await withInstitute(async ({ page, institute, access }) => {
    const told = async (change: (back: string) => string, status: number) => {
      const browser = new Browser();
      const back = await browser.follow(await begin(browser, page), `${page}${path}`);
      const answer = await browser.go(change(back));
      strictEqual(answer.status, status);
      strictEqual((await (await browser.go(`${page}/api/v1/session`)).json()).signedIn, false);
      deepStrictEqual(browser.cookies(new URL(page).host), []);
      return /You are not signed in: (.*?)\.<p>/.exec(await answer.text())![1]!;
    };
    const as = (back: string, name: string, value: string) => {
      const url = new URL(back);
      url.searchParams.set(name, value);
      return url.href;
    };
    await t.step("another state", async () => {
      match(await told((back) => as(back, "state", "x"), 401), /^the university does not say who you are: .*state/);
    });
    await t.step("a code of its own", async () => {
      match(await told((back) => as(back, "code", "<b>x"), 401), /^the university does not say who you are: /);
    });
    await t.step("another issuer", async () => {
      match(await told((back) => as(back, "iss", "https://evil.example"), 401), /does not say who you are: .*iss/);
    });
    await t.step("the person says no", async () => {
      institute.refuses = true;
      strictEqual(await told((back) => back, 401), "the university does not say who you are: the person said no");
      institute.refuses = false;
    });
    await t.step("no group with a role", async () => {
      institute.member = { sub: "3", preferred_username: "cy", groups: ["students"] };
      strictEqual(
        await told((back) => back, 403),
        "cy may do nothing on this bench: none of your groups has a role here (students)",
      );
      institute.member = { sub: "3", preferred_username: "cy" };
      match(await told((back) => back, 403), /the university tells no groups in “groups”$/);
    });
    await t.step("a name that is somebody's with a token", async () => {
      await access.store.add({ name: "Ana", role: "admin" });
      institute.member = { sub: "1", preferred_username: "ana", groups: ["staff"] };
      match(await told((back) => back, 401), /^ana is the name of somebody who proves it by a token here/);
    });
  });
});

Deno.test("openid: where the institute does not answer, signing in says so, and works once it does", async () => {
  await withInstitute(async ({ page, institute }) => {
    institute.away = true;
    const browser = new Browser();
    const answer = await browser.go(`${page}${path}`, "POST");
    strictEqual(answer.status, 503);
    match((await answer.json()).error.message, /^the university does not answer: /);
    institute.away = false;
    match(await begin(browser, page), /^http:\/\/[\w.]+:\d+\/auth\?/);
  });
  await using server = startServer();
  const answer = await new Browser().go(`http://127.0.0.1:${server.webServer.port}${path}`, "POST");
  strictEqual(
    (await answer.json()).error.message,
    'Nobody signs in at an institute here: the bench file says no "openid"',
  );
});
