/**
 * Angles and times in degrees or hours, minutes and seconds, as telescopes say them.
 *
 * @module
 */

/** How an angle or a time is written: `sDD*MM:SS`. */
export interface Picture {
  /** Whether a plus is written. */
  readonly signed: boolean;
  /** How many digits the degrees or hours have at least. */
  readonly width: number;
  /** What stands before the minutes, and before the seconds; without the latter the minutes have the decimals. */
  readonly separators: readonly [string, string | undefined];
  /** How many decimals the last part has. */
  readonly decimals: number;
}

/** How it is written where nothing says how. */
export const usualPicture: Picture = { signed: false, width: 2, separators: [":", ":"], decimals: 0 };

const spoken = /^\s*([+-])?\s*(\d{1,4})\D{1,2}(\d{1,2}(?:\.\d*)?)(?:\D{1,2}(\d{1,2}(?:\.\d*)?))?\D{0,2}$/;

/**
 * The degrees or hours of a text.
 *
 * @param said `05:34:31.9`, `+22*00'52`, `12h34m56s`, `-5:30.5`.
 * @returns The number; `undefined` where it is none.
 */
export function fromSexagesimal(said: string): number | undefined {
  const [, sign, whole = "", minutes = "", seconds = "0"] = spoken.exec(said) ?? [];
  if (Number(minutes) >= 60 || Number(seconds) >= 60 || minutes === "") return undefined;
  if (minutes.includes(".") && seconds !== "0") return undefined;
  // Divided once, so that what is a whole number of seconds is the nearest to it.
  const size = (Number(whole) * 3600 + Number(minutes) * 60 + Number(seconds)) / 3600;
  return sign === "-" ? -size : size;
}

/** Writes degrees or hours, rounded in the last place; what is rounded up is carried. */
export function toSexagesimal(number: number, { signed, width, separators, decimals }: Picture): string {
  const [first, second] = separators;
  const perUnit = (second === undefined ? 60 : 3600) * 10 ** decimals;
  const all = Math.round(Math.abs(number) * perUnit);
  const sign = number < 0 && all > 0 ? "-" : signed ? "+" : "";
  const degrees = String(Math.floor(all / perUnit)).padStart(width, "0");
  const rest = all % perUnit;
  const part = (value: number) =>
    (value / 10 ** decimals).toFixed(decimals).padStart(decimals === 0 ? 2 : 3 + decimals, "0");
  if (second === undefined) return `${sign}${degrees}${first}${part(rest)}`;
  const minutes = Math.floor(rest / (perUnit / 60));
  return `${sign}${degrees}${first}${String(minutes).padStart(2, "0")}${second}${part(rest % (perUnit / 60))}`;
}

/**
 * Reads how an angle or a time is written.
 *
 * @param text `HH:MM:SS`, `sDD*MM:SS.S`, `HH:MM.M`: s is a sign that is always written, the separators are as they stand.
 * @returns It; `undefined` where it is none.
 */
export function picture(text: string): Picture | undefined {
  const [, sign, whole, first, minutes, second, seconds] =
    /^(s?)(H{1,3}|D{1,3})([^\w{}.]{1,2})MM(\.M{1,6})?(?:([^\w{}.]{1,2})SS(\.S{1,6})?)?$/.exec(text) ?? [];
  if (whole === undefined || (minutes !== undefined && second !== undefined)) return undefined;
  const decimals = Math.max(0, (seconds ?? minutes ?? ".").length - 1);
  return { signed: sign === "s", width: whole.length, separators: [first!, second], decimals };
}
