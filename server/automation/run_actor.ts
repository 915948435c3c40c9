/**
 * Whom a run acts for, and what it has control of.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { AccessStore } from "../access/access_store.ts";
import type { Control } from "../access/control.ts";
import { Principal } from "../access/principal.ts";
import type { Standing } from "../access/rights.ts";
import type { KeptRun } from "./run_store.ts";

/** For how long control is, in seconds; what a run works on keeps it. */
const longControl = 86_400;

/** For whom a run acts that somebody adds, as it is kept. */
export function whoIs({ origin: { name, label, person, standing } }: Principal): KeptRun["who"] {
  return {
    label: name === "" ? label : name,
    person,
    roleName: standing.roleName,
    rights: [...standing.rights],
    instruments: standing.instruments === undefined ? null : [...standing.instruments],
  };
}

/**
 * Whether somebody may drive all of them, and nobody else has control of one.
 *
 * @param underWay The run under way: what that has is free when it has ended.
 * @throws {HeliographError} `not_allowed`, or `held`.
 */
export function checkMayDrive(
  instruments: readonly string[],
  principal: Principal,
  control: Control,
  underWay: KeptRun | undefined,
): void {
  for (const name of instruments) {
    if (!principal.may("drive", name)) {
      throw new HeliographError("not_allowed", `The run drives ${name}, and you may not`);
    }
    if (!underWay?.instruments.includes(name)) control.check(name, principal, "run");
  }
}

/** A run as somebody who asks for something. */
export class RunActor {
  /** It acts for whoever started it, for as long as they may. */
  readonly principal: Principal;
  /** What is done at the end is done with the rights that there were at the begin. */
  readonly #atEnd: Principal;
  readonly #kept: KeptRun;
  readonly #control: Control;
  /** Who has let it go on last, where that is known: what they hold, it may have. */
  #starter: Principal | undefined;

  /** Has control of nothing yet. @param people Who may do what now. */
  constructor(kept: KeptRun, control: Control, people: Pick<AccessStore, "standingOf">) {
    this.#kept = kept;
    this.#control = control;
    const { who } = kept;
    const atStart = standingAtStart(who);
    const live = () => kept.who.person === "" ? atStart : people.standingOf(kept.who.person);
    const standing: Standing = {
      get roleName() {
        return live().roleName;
      },
      get rights() {
        return live().rights;
      },
      get instruments() {
        return live().instruments;
      },
    };
    const name = `run ${kept.title} for ${who.label}`;
    this.principal = new Principal({ by: "program", name, yields: true }, standing);
    this.#atEnd = new Principal({ by: "program", name: this.principal.name, yields: true }, standingAtStart(who));
  }

  /** Who asks for what a step does. @param last Whether the run is at its `finally`. */
  asking(instrument: string, last: boolean): Principal {
    return last && !this.principal.may("drive", instrument) ? this.#atEnd : this.principal;
  }

  /** Control of all instruments, or of none. @param starter Who lets it begin. @throws {HeliographError} `held` where somebody has one. */
  takeAll(starter: Principal | undefined): void {
    const { instruments } = this.#kept;
    for (const name of instruments) this.#control.check(name, starter ?? this.principal, "run");
    this.#starter = starter;
    for (const name of instruments) this.take(name);
  }

  /** Control of an instrument; whoever starts the run may hold it. @throws {HeliographError} `held`. */
  take(name: string): void {
    if (this.#starter === undefined) this.#control.take(name, this.principal, longControl);
    else this.#control.handOver(name, this.#starter, this.principal, longControl);
  }

  /** Control of instruments from whoever may have it. @throws {HeliographError} `held`. */
  takeFrom(principal: Principal, instruments: readonly string[]): void {
    for (const name of instruments) this.#control.handOver(name, principal, this.principal, longControl);
  }

  /** Works, so that its control does not end. @returns Ends that. */
  work(): () => void {
    return this.#control.work(this.principal);
  }

  /** Gives up what it has control of. */
  release(): void {
    for (const name of this.#kept.instruments) if (this.#holds(name)) this.#control.release(name, this.principal);
  }

  /** What whoever it acts for may not do any more; `undefined` where they may do all of it. */
  get lacks(): string | undefined {
    return lackedBy(this.principal, this.#kept);
  }

  /** Who has taken an instrument from it; `undefined` for nobody. */
  takenBy(instrument: string): string | undefined {
    if (!this.#kept.instruments.includes(instrument)) return undefined;
    const holder = this.#control.holder(instrument);
    if (holder === null || holder.name === this.principal.name) return undefined;
    return holder.name === "" ? `client ${holder.session}` : holder.name;
  }

  /**
   * Somebody lets it go on: where whoever it acts for may not any more, it acts for them from now on.
   *
   * @throws {HeliographError} Where they may not do what it does, or somebody else holds one of its instruments.
   */
  goOnFor(principal: Principal): void {
    const kept = this.#kept;
    const lacked = lackedBy(principal, kept);
    if (lacked !== undefined) {
      throw new HeliographError("not_allowed", `Cannot resume run ${kept.id}: for that, you would have to ${lacked}`);
    }
    this.#starter = principal;
    if (this.lacks !== undefined) Object.assign(kept.who, whoIs(principal));
    this.takeFrom(principal, kept.instruments.filter((name) => !this.#holds(name)));
  }

  #holds(instrument: string): boolean {
    return this.#control.holder(instrument)?.name === this.principal.name;
  }
}

function standingAtStart({ roleName, rights, instruments }: KeptRun["who"]): Standing {
  return {
    roleName,
    rights: new Set(rights),
    instruments: instruments === null ? undefined : new Set(instruments),
  };
}

/** What somebody may not do and a run does; `undefined` where they may do all of it. */
function lackedBy(principal: Principal, { instruments, script }: KeptRun): string | undefined {
  if (script !== undefined && !principal.may("evaluate")) return "evaluate code";
  const lacked = instruments.find((name) => !principal.may("drive", name));
  return lacked === undefined ? undefined : `drive ${lacked}`;
}
