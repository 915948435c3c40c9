/**
 * Declares an instrument without its functions, and makes an instrument from such a declaration.
 *
 * @module
 */

import { defined } from "../../../protocol/defined.ts";
import { Command, type CommandContext } from "../../bench/command.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import type { FieldSpec } from "../../bench/field.ts";
import type { Keyword } from "../../bench/header_keywords.ts";
import type { ImageSource } from "../../bench/images.ts";
import type { Instrument, InstrumentSpec } from "../../bench/instrument.ts";
import type { Contact } from "../../bench/contact.ts";
import { Float, type Value, type ValueSpec, type ValueType } from "../../bench/values.ts";
import type { Declaration, StoredKeywords } from "./messages.ts";

/** An instrument as it is declared. */
export function declarationOf(instrument: Instrument): Declaration {
  const { spec, title, caption, summary, pollInterval, answersFor, settingsBeside, contact, images } = instrument;
  return {
    title,
    caption,
    summary,
    pollInterval,
    ...defined({ staleAfter: spec.staleAfter, errorAfter: spec.errorAfter }),
    ...(instrument.main === undefined ? {} : { main: [...instrument.main] }),
    answersFor: [...answersFor],
    settingsBeside,
    contact: contact === undefined ? null : String(contact.address),
    images: images !== undefined,
    steps: spec.step !== undefined,
    fields: instrument.allFields.map(({ title, access, spec }) => ({
      ...valueOf(spec),
      title,
      access,
      needsConfirm: spec.needsConfirm ?? false,
      ...defined({
        initial: spec.initial,
        pollInterval: spec.pollInterval,
        keyword: spec.keyword,
        readback: spec.readback,
        alarm: spec.alarm,
        compute: spec.compute,
        keep: spec.keep,
      }),
      listens: spec.listens ?? false,
      log: spec.log ?? true,
      reads: spec.read !== undefined,
      writes: spec.write !== undefined,
    })),
    commands: [...instrument.commands].map(([name, command]) => ({
      name,
      summary: command.summary,
      arguments: [...command.arguments].map(([name, spec]) => ({
        ...valueOf(spec),
        name,
        ...defined({ default: spec.default }),
      })),
      takesMore: command.takesMore,
      role: command.role,
      immediate: command.immediate,
      stop: command.stop,
      beside: command.beside,
      dropsWaiting: command.dropsWaiting,
      deadline: command.deadline,
      ...defined({ confirm: command.confirm }),
    })),
  };
}

function valueOf({ type, unit, minimum, maximum, choices, decimals, format, summary }: ValueSpec) {
  return {
    type,
    ...defined({ unit, minimum, maximum, decimals, format, summary }),
    ...(choices === undefined ? {} : { choices: [...choices] }),
  };
}

/** The functions that stand for those which a declaration has lost. */
export interface Functions {
  /** Reads a field. @param field Its place. */
  readonly read: (field: number, signal: AbortSignal, pass: object) => Promise<Value>;
  /** Writes a field. @param field Its place. */
  readonly write: (field: number, value: Value, signal: AbortSignal) => Promise<unknown>;
  /** Runs a command. */
  readonly run: (command: string, values: Readonly<Record<string, unknown>>, context: CommandContext) => unknown;
  /** Its contact. */
  readonly contact?: Contact;
  /** Its images. */
  readonly images?: ImageSource;
  /** Makes it ready. */
  readonly start?: () => Promise<void>;
  /** Ends it. */
  readonly stop?: () => Promise<void>;
  /** Lets simulated time pass. */
  readonly step?: (seconds: number) => void;
}

/**
 * An instrument of a declaration.
 *
 * @throws {TypeError} When the declaration is none that `defineInstrument` takes.
 */
export function instrumentOf(declaration: Declaration, functions: Functions): Instrument {
  const { fields, commands, contact: _contact, images, steps, ...rest } = declaration;
  const { read, write, run, step, images: source, ...others } = functions;
  return defineInstrument({
    ...rest,
    ...others,
    ...(images && source !== undefined ? { images: source } : {}),
    ...(steps && step !== undefined ? { step } : {}),
    fields: Object.fromEntries(fields.map(({ title, reads, writes, ...spec }, at) => [title, {
      ...spec,
      ...(reads ? { read: (signal: AbortSignal, pass: object) => read(at, signal, pass) } : {}),
      ...(writes ? { write: (value: Value, signal: AbortSignal) => write(at, value, signal) } : {}),
    } as FieldSpec])),
    commands: Object.fromEntries(commands.map(({ name, arguments: declared, confirm, ...spec }) => [
      name,
      new Command({
        ...spec,
        ...(confirm === undefined ? {} : { confirm }),
        arguments: Object.fromEntries(declared.map(({ name, ...argument }) => [name, argument as ValueSpec])),
        run: (values, context) => run(name, values, context),
      }),
    ])),
  } as InstrumentSpec<Record<string, ValueType>>);
}

/** The header keywords that clients have set, to be sent. */
export function storedKeywords({ keywords }: Instrument): StoredKeywords {
  return keywords.stored.map(([name, [value, comment, type]]) => [
    name,
    [value instanceof Float ? { float: value.valueOf() } : value, comment, type],
  ]);
}

/** Takes the header keywords that were sent. @throws {HeliographError} For what FITS cannot hold. */
export function restoreKeywords({ keywords }: Instrument, stored: StoredKeywords): void {
  keywords.restore(stored.map(([name, [value, comment, type]]): readonly [string, Keyword] => [
    name,
    [typeof value === "object" ? new Float(value.float) : value, comment, type],
  ]));
}
