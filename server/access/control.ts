/**
 * Control of instruments: while somebody holds one, others read it but do not drive it.
 *
 * Among people who have proved nothing it is an agreement, since anybody may give any name. A proven name is that name:
 * whoever has control by it keeps it from everybody who only says so.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { HolderDescription } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { zonedTime } from "../../protocol/local_time.ts";
import type { Caller } from "../bench/command.ts";
import type { Instrument } from "../bench/instrument.ts";
import { type Principal, principalOf } from "./principal.ts";

/** Told of every instrument that was taken or released, or whose control was told to end sooner than it does. */
export type ControlListener = (instrument: string) => void;

/** Times are in milliseconds of `performance.now()`: setting the PC's clock ends nobody's control. */
interface Lease {
  /** Whoever took it; where they have gone, the last of the same name and PC who asked for something. */
  client: Principal;
  readonly seconds: number;
  /** When it ends if nothing is asked any more. */
  until: number;
  /** The end that listeners know of. */
  told: number;
}

/**
 * Names are compared as they are now: whoever registers another one keeps what they took themselves. All who have one
 * name and come from one PC are the same holder; one without a name is nobody but itself. Who has proved a name is that
 * one from wherever they come, and nobody else is.
 */
function isSame(one: Principal, other: Principal): boolean {
  if (one === other) return true;
  if (one.person !== "" || other.person !== "") return one.person === other.person;
  return one.name !== "" && one.name === other.name && one.hostname === other.hostname;
}

/** The principal of a caller, in whose name control is held. */
function originOf(caller: Caller): Principal {
  return principalOf(caller).origin;
}

/** Whether two callers are one where control is asked for: the same connection, or the same name from the same PC. */
export function isSameHolder(one: Caller, other: Caller): boolean {
  return isSame(originOf(one), originOf(other));
}

/** The label by which holders are told apart: which port they come from says nothing. */
function label({ id, name, hostname, label }: Principal): string {
  if (id === 0) return name === "" ? label : name;
  return name === "" ? `client ${id} (${hostname})` : `${name} (client ${id}, ${hostname})`;
}

/** Grants and releases control of a bench's instruments. */
export class Control {
  readonly #leases = new Map<string, Lease>();
  /** Whose requests are being worked on, and how many. */
  readonly #working = new Map<Principal, number>();
  readonly #listeners = new Set<ControlListener>();
  readonly #log = getLogger(["heliograph", "control"]);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Gives a caller control of an instrument until nothing has been asked by them, and nothing of theirs was being
   * worked on, for some time; that of a nameless one ends with its connection as well. What others had in the
   * instrument's queue before still runs: it was accepted.
   *
   * @param instrument The instrument's name.
   * @param caller Who shall have it; whoever has it already gets the new time.
   * @param seconds The time.
   * @param force Takes it from somebody else, if the caller is an admin; from a run anybody takes it without.
   * @throws {HeliographError} `held` when somebody else has it.
   */
  take(instrument: string, caller: Caller, seconds: number, force = false): void {
    const client = originOf(caller);
    const [lease, others] = this.#find(instrument, client);
    if (others) this.#refuseUnless(force, lease!, client, "take", instrument);
    const until = performance.now() + seconds * 1000;
    const taken = { client: others ? client : lease?.client ?? client, seconds, until, told: until };
    this.#leases.set(instrument, taken);
    const [from, who] = [others ? ` from ${label(lease!.client)}` : "", label(client)];
    this.#log.info("{who} took {instrument}{from} for {seconds} s", { who, instrument, from, seconds });
    this.#tell(instrument, taken);
  }

  /**
   * Ends the control of an instrument; nothing happens where nobody has it.
   *
   * @param instrument The instrument's name.
   * @param caller Who asks.
   * @param force Ends that of somebody else, if the caller is an admin.
   * @throws {HeliographError} `held` when somebody else has it.
   */
  release(instrument: string, caller: Caller, force = false): void {
    const client = originOf(caller);
    const [lease, others] = this.#find(instrument, client);
    if (lease === undefined) return;
    if (others) this.#refuseUnless(force, lease, client, "release", instrument);
    this.#end(instrument, `${label(client)} released it${others ? ` from ${label(lease.client)}` : ""}`);
  }

  /**
   * Gives control of an instrument to another client: nobody can slip in between. It lasts as long for them as it did
   * for whoever had it.
   *
   * @param instrument The instrument's name.
   * @param caller Who gives it; whoever may take it may give it as well.
   * @param receiver Who shall have it.
   * @param seconds How long where nobody had it.
   * @param force Also from somebody else, if the caller is an admin.
   * @throws {HeliographError} `held` when somebody else has it; `bad_argument` where the receiver may not drive.
   */
  handOver(instrument: string, caller: Caller, receiver: Principal, seconds: number, force = false): void {
    const client = originOf(caller);
    const [lease, others] = this.#find(instrument, client);
    if (others) this.#refuseUnless(force, lease!, client, "hand over", instrument);
    if (!receiver.may("drive", instrument)) {
      throw new HeliographError(
        "bad_argument",
        `Cannot hand ${instrument} over to ${label(receiver)}: ${
          receiver.may("drive") ? "they may not drive it" : `they may only read, as ${receiver.roleName || "nobody"}`
        }`,
      );
    }
    const time = lease?.seconds ?? seconds;
    const until = performance.now() + time * 1000;
    const given = { client: receiver, seconds: time, until, told: until };
    this.#leases.set(instrument, given);
    this.#log.info("{who} handed {instrument} over to {receiver}", {
      who: label(client),
      instrument,
      receiver: label(receiver),
    });
    this.#tell(instrument, given);
  }

  /**
   * Whether a caller may drive an instrument now.
   *
   * @param instrument The instrument's name.
   * @param caller Who asks.
   * @param command What they want to do.
   * @throws {HeliographError} `held` when somebody else has control of it.
   */
  check(instrument: string, caller: Caller, command: string): void {
    if (this.#leases.size === 0) return;
    const [lease, others] = this.#find(instrument, originOf(caller));
    if (others) throw this.#refusal(lease!, command, instrument);
  }

  /**
   * Whether a caller may drive an instrument now, or could once they took control of it from a run.
   *
   * @param instrument The instrument's name.
   * @param caller Who asks.
   * @param command What they want to do.
   * @throws {HeliographError} `held` when somebody else has control of it.
   */
  checkTake(instrument: string, caller: Caller, command: string): void {
    const client = originOf(caller);
    const [lease, others] = this.#find(instrument, client);
    if (others) this.#refuseUnless(false, lease!, client, command, instrument);
  }

  /**
   * Whether a caller may end the connection of a client. Control of a named one outlives it; that of a nameless one ends
   * with it, which takes what it takes to end it by force.
   *
   * @param caller Who asks.
   * @param client Whose connection it is.
   * @throws {HeliographError} `held` when control would end, and the caller is no admin.
   */
  checkDisconnect(caller: Caller, client: Principal): void {
    if (client.name !== "" || originOf(caller).may("takeOver")) return;
    const held = [...this.#leases.keys()].filter((instrument) => this.#live(instrument)?.client === client);
    if (held.length === 0) return;
    throw new HeliographError(
      "held",
      `Cannot disconnect ${label(client)}: without a name, its control of ${held.join(" and ")} would end with the ` +
        "connection; ask them to release it, or an admin to disconnect them",
    );
  }

  /** A caller has asked for something: what they hold is theirs for its full time again. */
  renew(caller: Caller): void {
    if (this.#leases.size === 0) return;
    const client = originOf(caller);
    for (const [instrument, held] of [...this.#leases]) {
      if (!isSame(held.client, client) || this.#live(instrument) === undefined) continue;
      held.until = performance.now() + held.seconds * 1000;
      if (held.client.gone) held.client = client;
    }
  }

  /**
   * A request of a caller is being worked on: meanwhile their control does not expire.
   *
   * @returns Tells that it has been answered.
   */
  work(caller: Caller): () => void {
    const client = originOf(caller);
    this.#working.set(client, (this.#working.get(client) ?? 0) + 1);
    return () => {
      this.renew(client);
      const left = this.#working.get(client)! - 1;
      if (left === 0) this.#working.delete(client);
      else this.#working.set(client, left);
    };
  }

  /** The holder of an instrument, or `null`. @param instrument The instrument's name. */
  holder(instrument: string): HolderDescription | null {
    const lease = this.#live(instrument);
    if (lease === undefined) return null;
    const { id, name, hostname } = lease.client;
    return { name, session: id, address: hostname, until: this.#time(lease).toISOString() };
  }

  /** The holder of an instrument of this PC, or of another one as that tells it; or `null`. */
  holderOf(
    { name, remote, holderThere }: Pick<Instrument, "name" | "remote" | "holderThere">,
  ): HolderDescription | null {
    return remote === undefined ? this.holder(name) : holderThere;
  }

  /**
   * Calls the listener when an instrument is taken, released or lost, until the returned function is called. Requests
   * that renew control are not told one by one, but before the end passes that was told last.
   *
   * @param listener Called at once and synchronously; it must not throw.
   */
  onChange(listener: ControlListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells of control that has ended by itself, as when a client has gone. */
  sweep(): void {
    for (const [instrument, lease] of [...this.#leases]) {
      if (this.#live(instrument) !== undefined && lease.told <= performance.now()) this.#tell(instrument, lease);
    }
    this.#schedule();
  }

  /** Ends all control, without telling anybody: the server stops. */
  stop(): void {
    this.#leases.clear();
    this.#schedule();
  }

  /** Finds the lease of an instrument, and whether somebody else has it. */
  #find(instrument: string, client: Principal): [lease: Lease | undefined, others: boolean] {
    const lease = this.#live(instrument);
    return [lease, lease !== undefined && !isSame(lease.client, client)];
  }

  /** The lease of an instrument; one that is over is ended here, since timers may be late. */
  #live(instrument: string): Lease | undefined {
    const lease = this.#leases.get(instrument);
    if (lease === undefined) return undefined;
    const { client } = lease;
    const left = client.name === "" && client.gone;
    if (!left && this.#until(lease) > performance.now()) return lease;
    this.#end(
      instrument,
      left ? `${label(client)} has gone` : `${label(client)} asked for nothing for ${lease.seconds} s`,
    );
    return undefined;
  }

  /** The time at which a lease ends if nothing is asked any more. */
  #until({ client, seconds, until }: Lease): number {
    const busy = [...this.#working.keys()].some((working) => isSame(working, client));
    return busy ? performance.now() + seconds * 1000 : until;
  }

  #time(lease: Lease): Date {
    return new Date(Date.now() + this.#until(lease) - performance.now());
  }

  #refuseUnless(force: boolean, lease: Lease, client: Principal, command: string, instrument: string): void {
    // A run makes way for people, and never they for it.
    if (lease.client.yields && !client.yields) return;
    if (!force || !client.may("takeOver")) throw this.#refusal(lease, command, instrument);
  }

  #refusal(lease: Lease, command: string, instrument: string): HeliographError {
    const { client } = lease;
    const what =
      ["set", "confirm", "revert", "take", "release", "hand over", "change", "remove", "try", "switch off", "switch on"]
          .includes(command)
        ? `${command} ${instrument}`
        : `call ${instrument}.${command}`;
    if (client.yields) {
      return new HeliographError(
        "held",
        `Cannot ${what}: ${client.name} has control of it; "take ${instrument}" takes it from the run, which pauses`,
      );
    }
    const whom = client.name === "" ? "them" : client.name;
    return new HeliographError(
      "held",
      `Cannot ${what}: ${label(client)} has control of it until ${
        zonedTime(this.#time(lease))
      }; ask ${whom} to release ` +
        `it, or take it over with "take ${instrument} 10m force=True" (which needs the right to take over)`,
    );
  }

  #end(instrument: string, why: string): void {
    this.#leases.delete(instrument);
    this.#log.info("Nobody has control of {instrument} any more: {why}", { instrument, why });
    this.#tell(instrument, undefined);
  }

  #tell(instrument: string, lease: Lease | undefined): void {
    if (lease !== undefined) lease.told = this.#until(lease);
    for (const listener of this.#listeners) listener(instrument);
    this.#schedule();
  }

  /** One timer for all: it fires when the first of the ends that were told is there. */
  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#leases.size === 0) return;
    const next = Math.min(...[...this.#leases.values()].map(({ told }) => told));
    this.#timer = setTimeout(() => this.sweep(), Math.max(0, next - performance.now()) + 1);
    // It is there for those who watch: no program is kept running for it.
    Deno.unrefTimer(this.#timer);
  }
}
