/** An institute for the tests: a real provider of OpenID Connect, on this PC, that lets in whom a test says. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
// @deno-types="npm:@types/oidc-provider@9.12.1"
import Provider from "npm:oidc-provider@9.13.3";
import { Access } from "../server/access/admit.ts";
import { OpenId } from "../server/access/openid.ts";
import { Roles } from "../server/access/rights.ts";
import { startServer } from "./fixture.ts";

/** What the provider tells of somebody. */
export interface InstituteMember {
  readonly sub: string;
  readonly preferred_username?: string;
  readonly groups?: readonly string[];
}

/** A provider that has one client, heliograph. */
export class Institute implements AsyncDisposable {
  readonly #server: ReturnType<typeof createServer>;
  readonly issuer: string;
  /** Who sits before the browser. */
  member: InstituteMember = { sub: "1", preferred_username: "ana", groups: ["staff"] };
  /** Whether they say no. */
  refuses = false;
  /** Whether the provider is out of order. */
  away = false;

  private constructor(server: ReturnType<typeof createServer>, issuer: string) {
    this.#server = server;
    this.issuer = issuer;
  }

  /** Starts it. @param page By which address people reach heliograph's page. */
  static async start(page: string, secret: string): Promise<Institute> {
    let handle: Parameters<typeof createServer>[1] = () => {};
    const server = createServer((request, response) => (handle as (...given: unknown[]) => void)(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // Another site than 127.0.0.1: cookies are treated as they are between two PCs.
    // Windows as it runs in tests knows no names.
    const host = Deno.build.os === "windows" ? "127.0.0.1" : "localhost";
    const issuer = `http://${host}:${(server.address() as AddressInfo).port}`;
    const institute = new Institute(server, issuer);
    const provider: Provider = new Provider(issuer, {
      clients: [{
        client_id: "heliograph",
        client_secret: secret,
        redirect_uris: [`${page}/api/v1/session/openid`],
        token_endpoint_auth_method: "client_secret_post",
      }],
      claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      findAccount: (_, accountId) => ({ accountId, claims: () => ({ ...institute.member, sub: accountId }) }),
      loadExistingGrant: async ({ oidc }) => {
        const grant = new provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
        grant.addOIDCScope("openid profile email");
        await grant.save();
        return grant;
      },
    });
    const answer = provider.callback();
    handle = (request, response) => {
      if (institute.away) return void request.socket.destroy();
      if (!request.url!.startsWith("/interaction/")) return void answer(request, response);
      const result = institute.refuses
        ? { error: "access_denied", error_description: "the person said no" }
        : { login: { accountId: institute.member.sub } };
      void provider.interactionFinished(request, response, result);
    };
    return institute;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A port that nobody has: the institute has to know it before the server is there. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const secret = "institute's secret";

/** A server with an institute, whose staff are operators. */
export async function withInstitute(
  run: (parts: { page: string; institute: Institute; access: Access }) => Promise<void>,
): Promise<void> {
  const webPort = freePort();
  const page = `http://127.0.0.1:${webPort}`;
  await using institute = await Institute.start(page, secret);
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, `${secret}\n`);
    const roles = new Roles();
    const openId = new OpenId({
      issuer: institute.issuer,
      clientId: "heliograph",
      clientSecretFile: file,
      page,
      groups: { it: "admin", staff: "operator" },
      title: "the university",
    }, roles);
    await openId.open();
    const access = new Access({ openId, loopback: "token" });
    await using server = startServer({ webPort }, { access });
    await server.ready;
    await run({ page, institute, access });
  } finally {
    await Deno.remove(file);
  }
}
