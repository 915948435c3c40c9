/**
 * Maps networks to roles, for clients that can give no credential.
 *
 * @module
 */

/** An address as bits, and how many of them count. */
interface Network {
  readonly bits: string;
  readonly text: string;
}

/** The address without what marks it as one of IPv4 that came to a listener of IPv6, or as one of a network card. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").replace(/%.*$/, "").toLowerCase();
}

function bitsOf4(address: string): string | undefined {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return `4${parts.map((part) => Number(part).toString(2).padStart(8, "0")).join("")}`;
}

function bitsOf6(address: string): string | undefined {
  const halves = address.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => half === "" ? [] : half.split(":"));
  const [before, after = []] = groups as [string[], string[]?];
  const missing = 8 - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...before, ...Array<string>(missing).fill("0"), ...after];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  return `6${all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0")).join("")}`;
}

/** The bits of an address, behind the number of its family; `undefined` where it is none. */
function bitsOf(address: string): string | undefined {
  const plain = plainAddress(address);
  return plain.includes(":") ? bitsOf6(plain) : bitsOf4(plain);
}

function parseNetwork(text: string): Network | undefined {
  const [address = "", prefix, ...more] = text.split("/");
  const bits = bitsOf(address);
  if (bits === undefined || more.length > 0) return undefined;
  if (prefix === undefined) return { bits, text };
  const length = Number(prefix);
  if (!/^\d{1,3}$/.test(prefix) || length >= bits.length) return undefined;
  return { bits: bits.slice(0, length + 1), text };
}

/** Whether a text is an address or a network, `10.1.2.0/28` or `fd00::/8`. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** Which role an address has. */
export class AddressRoles {
  readonly #networks: readonly { readonly network: Network; readonly role: string }[];

  /** Makes the table. @param roles Networks, and the names of roles. */
  constructor(roles: Readonly<Record<string, string>> = {}) {
    this.#networks = Object.entries(roles).flatMap(([text, role]) => {
      const network = parseNetwork(text);
      return network === undefined ? [] : [{ network, role }];
    }).sort((one, other) => other.network.bits.length - one.network.bits.length);
  }

  /** The networks and their roles, the smallest first. */
  get all(): readonly { readonly network: string; readonly role: string }[] {
    return this.#networks.map(({ network, role }) => ({ network: network.text, role }));
  }

  /** The name of the role of an address, that of the smallest network it is in; `undefined` where it is in none. */
  find(address: string): string | undefined {
    if (this.#networks.length === 0) return undefined;
    const bits = bitsOf(address);
    return bits && this.#networks.find(({ network }) => bits.startsWith(network.bits))?.role;
  }
}
