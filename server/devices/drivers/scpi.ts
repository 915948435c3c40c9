/**
 * What every SCPI instrument says, in the words of whichever maker.
 *
 * @module
 */

/** SCPI's numbers that stand for no number (SCPI-99, 7.2.1.5). */
export const scpiBad = { "9.9E37": "overload", "-9.9E37": "overload", "9.91E37": "not a number" };

/**
 * Asks the error queue, and knows the ways to say that it is empty. SCPI-99 has `0,"No error"`; instruments also say
 * `+0,"No error."`, `0  No Error`, `0`, `"0,No error"` and `"No error"`. Everything else is an error.
 */
export const scpiErrors = {
  ask: "SYST:ERR?",
  pattern: String.raw`^\s*"?\s*(?:[+-]?0+(?:[\s,;:"]|$)|(?i:no\s+errors?)\b)`,
};

/**
 * Asks the event register of IEEE 488.2, for instruments without an error queue: 4 is a query error, 8 the device's own,
 * 16 a parameter that cannot be, 32 a command that it does not know; 128 tells that it was switched on.
 */
export const eventErrors = { ask: "*ESR?", pattern: "^[+]?0*(?:0|1|64|65|128|129|192|193)$" };
