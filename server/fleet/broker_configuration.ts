/**
 * Writes what nats-server reads: the configuration of a fleet's main broker, and of the brokers of other sites, which
 * connect to it as leaf nodes.
 *
 * @module
 */

import { subjects } from "../../protocol/fleet.ts";

/** Where the main broker takes those of other sites. */
export const leafPort = 7422;

/** A broker, and who comes to it. */
export interface BrokerOf {
  /** By which name or address its PCs reach it. */
  readonly host: string;
  readonly port: number;
  /** The public keys of its PCs, by their names. */
  readonly pcs: Readonly<Record<string, string>>;
}

/** The broker of another site. */
export interface SiteBroker extends BrokerOf {
  /** What the main broker knows of the password by which it comes: a bcrypt hash. */
  readonly secret: string;
}

/** The main broker, and the sites that come to it. */
export interface MainBroker extends BrokerOf {
  readonly sites?: Readonly<Record<string, SiteBroker>>;
}

/** The account of the main broker's own PCs; those of sites are called as the site, in lower case. */
const mainAccount = "MAIN";

const certificate = `cert_file: "./broker.pem"
  key_file: "./broker.key"`;
/** A line that is cut without a word is noticed after this: otherwise whoever asks across it waits. */
const pings = `ping_interval: "5s"
ping_max: 2
`;

/** The main broker's configuration. */
export function brokerConfiguration({ host, port, pcs, sites = {} }: MainBroker): string {
  const head = `# A heliograph fleet's broker: nats-server --config nats-server.conf, in this folder.
port: ${port}
server_name: heliograph-fleet

tls {
  ${certificate}
}
`;
  if (Object.keys(sites).length === 0) return `${head}\n${authorization(pcs)}`;
  const accounts: Record<string, Account> = {
    [mainAccount]: { pcs, users: usersOf(pcs) },
    ...Object.fromEntries(
      Object.entries(sites).map(([site, { pcs, secret }]) => [site, {
        pcs,
        users: `    # the broker of ${site}\n    { user: "${site}", password: "${secret}" }`,
      }]),
    ),
  };
  return `${head}${pings}
# The brokers of other sites come in here.
leafnodes {
  port: ${leafPort}
  # Otherwise they would try addresses that its certificate does not have.
  advertise: "${bracketed(host)}:${leafPort}"
  tls {
    ${certificate.replace("\n", "\n  ")}
  }
}

# Each site has an account of its own. NATS does not look at what a leaf node says, so each account takes from each other
# what that one's own PCs may say, and nothing else: nobody speaks in the name of another site's PC.
accounts {
${Object.keys(accounts).map((name) => accountText(name, accounts)).join("\n")}
}
`;
}

/** The configuration of a site's broker. */
export function siteConfiguration(site: string, { port, pcs }: SiteBroker): string {
  return `# The broker of ${site}, a site of a heliograph fleet: nats-server --config nats-server.conf, in this folder.
port: ${port}
server_name: heliograph-fleet-${site}

tls {
  ${certificate}
}
${pings}
# Where the main broker is, and the password by which it knows this site.
include "./main-broker.conf"
leafnodes {
  remotes: [
    { url: $main_broker, tls: { ca_file: "./fleet-authority.pem" } }
  ]
}

${authorization(pcs)}`;
}

/** What a site's main-broker.conf says. @param host The main broker's. */
export function mainBrokerText(site: string, password: string, host: string): string {
  return `# Whoever has this is ${site} to the main broker of its fleet.
main_broker: "tls://${site}:${password}@${bracketed(host)}:${leafPort}"
`;
}

/** A host as it stands in an address. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** What a PC may publish and subscribe to. */
export function permissionsOf(name: string): { readonly publish: string[]; readonly subscribe: string[] } {
  const { ask, here, name: nameOf, readings, who } = subjects;
  return {
    publish: [here(name), who(name), nameOf(name), ask(name, "*"), readings(name, "*")],
    subscribe: [here("*"), who("*"), nameOf(name), ask("*", name), readings("*", "*"), answersTo(name)],
  };
}

function answersTo(name: string): string {
  return `_INBOX_${name}.>`;
}

function authorization(pcs: BrokerOf["pcs"]): string {
  return `# One user for each PC, who may speak in its own name only. “heliograph fleet init” adds more.
authorization {
  users: [
${usersOf(pcs)}
  ]
}
`;
}

function usersOf(pcs: BrokerOf["pcs"]): string {
  return Object.entries(pcs).map(([name, key]) => {
    const { publish, subscribe } = permissionsOf(name);
    return `    # ${name}
    { nkey: ${key}
      permissions: {
        publish: [${publish.map((each) => `"${each}"`).join(", ")}]
        subscribe: [${subscribe.map((each) => `"${each}"`).join(", ")}]
        allow_responses: { max: 1, expires: "25h" }
      }
    }`;
  }).join("\n");
}

interface Account {
  readonly pcs: BrokerOf["pcs"];
  readonly users: string;
}

/** An account: what it lets others have, and what it takes from each of them. */
function accountText(name: string, accounts: Readonly<Record<string, Account>>): string {
  const { ask, here, readings, who } = subjects;
  const { pcs, users } = accounts[name]!;
  const own = Object.keys(pcs);
  const others = Object.entries(accounts).filter(([other]) => other !== name)
    .map(([other, { pcs }]) => [other, Object.keys(pcs)] as const);
  // As streams: across services NATS does not say that nobody is there, and whoever asks would wait.
  const imports = others.flatMap(([other, theirs]) =>
    [
      ...theirs.flatMap((pc) => [here(pc), who(pc), readings(pc, "*"), ...own.map((each) => ask(pc, each))]),
      // What answers is known by the word that was made for the question.
      ...own.map(answersTo),
    ].map((subject) => `{ account: "${other}", subject: "${subject}" }`)
  );
  return `  "${name}": {
    users: [
${users.replaceAll(/^/gm, "  ")}
    ]
    exports: [{ stream: ">" }]
    imports: [
${imports.map((each) => `      { stream: ${each} }`).join("\n")}
    ]
  }`;
}
