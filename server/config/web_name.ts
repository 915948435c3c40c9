/**
 * Names by which people reach the page of a PC.
 *
 * @module
 */

/** Such a name: nothing else can stand in `Host` before the port. */
export const webName: RegExp = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i;

/** What is wrong with a text that is none. */
export const noWebName = "must be a name without http:// and port, as in lab-pc.example";
