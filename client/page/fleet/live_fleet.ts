/**
 * The page's copy of the fleet: the other PCs, and those of their instruments that somebody looks at.
 *
 * @module
 */

import type { InstrumentDescription } from "../../../protocol/description.ts";
import type { FleetDescription, FleetMember } from "../../../protocol/fleet.ts";
import type { WatchEvent } from "../../../protocol/framed_message.ts";
import type { Success } from "../live/link.ts";
import { Live } from "../live/live.tsx";
import type { LiveInstrument } from "../live/live_instrument.ts";

/** How often the server is asked how the fleet is, where somebody looks, in milliseconds. */
const askInterval = 1000;

/** What it needs of the page's copy of the bench. */
interface FleetParts {
  /** Asks the server; it is not told to the page's log. */
  readonly request: (message: Readonly<Record<string, unknown>>) => { id: number; reply: Promise<Success> };
  /** Takes an instrument as it is described. */
  readonly meet: (description: InstrumentDescription, old: LiveInstrument | undefined) => LiveInstrument;
  /** Whether there is a connection to the server. */
  readonly connected: () => boolean;
}

/** Another PC. */
interface Pc {
  instruments: readonly LiveInstrument[];
  /** Whether the server has told which they are. */
  known: boolean;
  /** How many look at it. */
  lookers: number;
  loading: boolean;
}

/** The PC of an instrument: `cold-lab` of `cold-lab/tempcon`; `undefined` where it is of this bench. */
export function pcOf(instrument: string): string | undefined {
  const slash = instrument.indexOf("/");
  return slash <= 0 ? undefined : instrument.slice(0, slash);
}

/** The fleet as this page knows it. */
export class LiveFleet {
  /** What was told last; `undefined` before that. */
  readonly description: Live<FleetDescription | undefined> = new Live<FleetDescription | undefined>(undefined);
  /** The instruments of other PCs that were asked for, each called as in `cold-lab/tempcon`. */
  readonly instruments: Live<readonly LiveInstrument[]> = new Live<readonly LiveInstrument[]>([]);
  readonly #parts: FleetParts;
  readonly #pcs = new Map<string, Pc>();
  /** By the numbers of the messages that watch them. */
  readonly #watched = new Map<number, LiveInstrument>();
  #lookers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #asking = false;

  /** Asks for nothing yet. */
  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  /** The connection was opened: all is asked for anew. */
  begin(): void {
    this.#watched.clear();
    if (this.#lookers > 0) void this.#ask();
    for (const [name, pc] of this.#pcs) if (pc.lookers > 0) void this.#load(name, pc);
  }

  /** Somebody looks at the fleet, until the returned function is called. */
  look(): () => void {
    if (this.#lookers++ === 0) this.#timer = setInterval(() => void this.#ask(), askInterval);
    void this.#ask();
    return () => {
      if (--this.#lookers === 0) clearInterval(this.#timer);
    };
  }

  /** Somebody looks at the instruments of a PC, until the returned function is called. */
  lookAt(name: string): () => void {
    const pc = this.#pc(name);
    if (pc.lookers++ === 0) void this.#load(name, pc);
    const end = this.look();
    return () => {
      end();
      if (--pc.lookers > 0) return;
      for (const [watch, instrument] of [...this.#watched]) {
        if (pcOf(instrument.name) !== name) continue;
        this.#watched.delete(watch);
        this.#parts.request({ cmd: "Unwatch", watch }).reply.catch(() => {});
      }
    };
  }

  /** Asks for the instruments of all PCs, for who searches. */
  async find(): Promise<void> {
    await this.#ask();
    const others = this.description.value?.members.filter(({ self }) => !self) ?? [];
    await Promise.all(others.map(({ name }) => this.#load(name, this.#pc(name))));
  }

  /** Whether it is known which instruments a PC has. */
  isKnown(name: string): boolean {
    return this.#pcs.get(name)?.known === true;
  }

  /** A PC, as it was told last. */
  member(name: string): FleetMember | undefined {
    return this.description.value?.members.find((each) => each.name === name);
  }

  /** Takes what the server tells. @returns The instrument that it is of; `undefined` where it is of this bench. */
  instrumentOf({ id, event }: WatchEvent): LiveInstrument | undefined {
    const instrument = this.#watched.get(id as number);
    const pc = instrument && pcOf(instrument.name);
    // It is another now, or has gone.
    if (event === "instrument" && pc !== undefined) void this.#load(pc, this.#pc(pc));
    return instrument;
  }

  #pc(name: string): Pc {
    const pc = this.#pcs.get(name) ?? { instruments: [], known: false, lookers: 0, loading: false };
    this.#pcs.set(name, pc);
    return pc;
  }

  async #call(command: string, args: readonly unknown[] = []): Promise<unknown> {
    return (await this.#parts.request({ cmd: "Call", instrument: "fleet", command, args, kwargs: {} }).reply).value;
  }

  async #ask(): Promise<void> {
    if (this.#asking || !this.#parts.connected() || document.visibilityState === "hidden") return;
    this.#asking = true;
    try {
      this.description.value = await this.#call("list") as FleetDescription;
    } catch {
      // The link says itself that it was lost; a bench that is in no fleet has none.
      this.description.value = undefined;
    } finally {
      this.#asking = false;
    }
    for (const { name, instruments } of this.description.value?.members ?? []) {
      const pc = this.#pcs.get(name);
      if (pc === undefined || pc.lookers === 0) continue;
      const known = pc.instruments.map((each) => each.name).join();
      if (known !== instruments.map((each) => `${name}/${each}`).join()) void this.#load(name, pc);
    }
  }

  /** Asks which instruments a PC has, and watches them where somebody looks. */
  async #load(name: string, pc: Pc): Promise<void> {
    if (pc.loading || !this.#parts.connected()) return;
    pc.loading = true;
    try {
      const descriptions = await this.#call("instruments", [name]) as InstrumentDescription[];
      const old = new Map(pc.instruments.map((each) => [each.name, each]));
      const instruments = descriptions.map((each) => this.#parts.meet(each, old.get(each.name)));
      pc.known = true;
      if (instruments.length !== old.size || instruments.some((each) => old.get(each.name) !== each)) {
        pc.instruments = instruments;
        this.instruments.value = [...this.#pcs.values()].flatMap(({ instruments }) => instruments);
      }
    } catch {
      pc.known ||= this.#parts.connected();
    } finally {
      pc.loading = false;
    }
    if (pc.lookers > 0) this.#watch(name, pc);
  }

  #watch(name: string, { instruments }: Pc): void {
    const watched = new Set(this.#watched.values());
    for (const [watch, instrument] of [...this.#watched]) {
      if (pcOf(instrument.name) !== name || instruments.includes(instrument)) continue;
      this.#watched.delete(watch);
      this.#parts.request({ cmd: "Unwatch", watch }).reply.catch(() => {});
    }
    for (const instrument of instruments) {
      if (watched.has(instrument)) continue;
      const { id, reply } = this.#parts.request({ cmd: "Watch", instrument: instrument.name });
      this.#watched.set(id, instrument);
      reply.catch(() => this.#watched.delete(id));
    }
  }
}
