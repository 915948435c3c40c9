/**
 * Runs work on the server for a control, and shows its error beside it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";

/** Does something; a failure becomes the complaint, and the next beginning clears it. */
export type Work = (what: () => Promise<unknown>) => Promise<boolean>;

/** @returns What does work, what is to be said of its failure, whether it is under way, and what forgets the failure. */
export function useWork(): [
  work: Work,
  complaint: string,
  busy: boolean,
  forget: () => void,
] {
  const [complaint, setComplaint] = useState("");
  const [busy, setBusy] = useState(0);
  const work: Work = async (what) => {
    setComplaint("");
    setBusy((count) => count + 1);
    try {
      await what();
      return true;
    } catch (error) {
      setComplaint((error as Error).message);
      return false;
    } finally {
      setBusy((count) => count - 1);
    }
  };
  return [work, complaint, busy > 0, () => setComplaint("")];
}

/**
 * Handles a click, but not the second of two quick ones: by then another button may be under the mouse.
 *
 * @param what What the first one does.
 */
export function onSingleClick(what: () => unknown): (event: MouseEvent) => void {
  return (event) => {
    if (event.detail <= 1) void what();
  };
}

/** Shows an error, if there is one. */
export function Complaint(
  { text, id }: { text: string; id?: string },
): VNode | null {
  return text === "" ? null : <span class="complaint" role="alert" id={id}>{text}</span>;
}
