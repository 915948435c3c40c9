/**
 * A sound while there is an alarm of which nobody has said that they know; off unless somebody wants it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect } from "npm:preact@11.2.0/hooks";
import { severities, type Severity } from "../../../protocol/alarms.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { Live, useLive } from "../live/live.tsx";
import { keep, readKept } from "../shell/kept.ts";
import { isUnacknowledged } from "./alarm_words.ts";

const key = "heliograph.sound";

/** Whether this browser makes a sound. */
const wanted: Live<boolean> = new Live(readKept(key) === "on");
wanted.subscribe(() => keep(key, wanted.value ? "on" : "off"));
/** Whether the browser lets it: it wants a click or a key on the page first. */
const silenced: Live<boolean> = new Live(false);

/** How often it sounds, in milliseconds, and how high, in Hz. */
const every: Readonly<Record<Severity, number>> = { low: 60_000, medium: 30_000, high: 10_000, critical: 3000 };
const pitch: Readonly<Record<Severity, number>> = { low: 440, medium: 523, high: 659, critical: 880 };

let context: AudioContext | undefined;

/** Lets the browser begin, where somebody has clicked since it refused. */
function begin(): AudioContext {
  context ??= new AudioContext();
  const shown = context;
  silenced.value = shown.state !== "running";
  shown.onstatechange = () => silenced.value = shown.state !== "running";
  if (shown.state !== "running") void shown.resume();
  return shown;
}

function sound(severity: Severity): void {
  const audio = begin();
  if (audio.state !== "running") return;
  const times = severity === "critical" ? 3 : 2;
  for (let each = 0; each < times; each++) {
    const at = audio.currentTime + each * 0.25;
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = pitch[severity];
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.3, at + 0.02);
    volume.gain.linearRampToValueAtTime(0, at + 0.18);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.2);
  }
}

/** Sounds for the worst alarm of which nobody knows, at once and again. */
export function useSound(bench: LiveBench): void {
  const on = useLive(wanted);
  const blocked = useLive(silenced);
  const alarms = useLive(bench.guards.alarms).filter(isUnacknowledged);
  const worst = severities.findLast((severity) => alarms.some((each) => each.severity === severity));
  useEffect(() => {
    if (!on) return;
    const click = () => void begin();
    click();
    addEventListener("pointerdown", click);
    addEventListener("keydown", click);
    return () => {
      removeEventListener("pointerdown", click);
      removeEventListener("keydown", click);
    };
  }, [on]);
  useEffect(() => {
    if (!on || worst === undefined) return;
    sound(worst);
    const timer = setInterval(() => sound(worst), every[worst]);
    return () => clearInterval(timer);
  }, [on, worst, blocked]);
}

/** Switches it. */
export function SoundSwitch(): VNode {
  const on = useLive(wanted);
  const blocked = useLive(silenced);
  return (
    <>
      <label class="sound-switch">
        <input type="checkbox" checked={on} onChange={(event) => wanted.value = event.currentTarget.checked} />
        <span>Sound in this browser</span>
      </label>
      <span role="status" class="about">
        {on && blocked ? "The browser is silent until somebody clicks on this page or presses a key" : ""}
      </span>
    </>
  );
}
