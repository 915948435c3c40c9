/**
 * A dialog over the page; on a phone a sheet from below, which can be dragged away.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { ComponentChildren, VNode } from "npm:preact@11.2.0";
import { useId, useLayoutEffect, useRef } from "npm:preact@11.2.0/hooks";

/** So far down, in pixels, a sheet is dragged away and does not spring back. */
const farEnough = 90;

/** A dialog, open as long as it is drawn. It closes by its button, Escape, a click beside it, or a drag on a phone. */
export function Sheet({ title, kind = "", close, children }: {
  readonly title: string;
  /** A class of its own. */
  readonly kind?: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const pressedBeside = useRef(false);
  const id = useId();
  // Before anything else can have the focus in it.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current!;
    shown.showModal();
    return () => {
      shown.close();
      // Where it was opened, unless it went elsewhere.
      if (document.activeElement === document.body && before instanceof HTMLElement) before.focus();
    };
  }, []);
  const drag = ({ clientY, pointerId, currentTarget, target }: PointerEvent & { currentTarget: HTMLElement }) => {
    if (target instanceof Element && target.closest("button") !== null) return;
    if (!matchMedia("(max-width: 599px)").matches) return;
    const head = currentTarget;
    const shown = dialog.current!;
    let way = 0;
    head.setPointerCapture(pointerId);
    const move = (event: PointerEvent) => {
      way = Math.max(0, event.clientY - clientY);
      shown.style.translate = `0 ${way}px`;
    };
    const end = () => {
      head.removeEventListener("pointermove", move);
      head.removeEventListener("pointerup", end);
      head.removeEventListener("pointercancel", end);
      shown.style.translate = "";
      if (way > farEnough) close();
    };
    head.addEventListener("pointermove", move);
    head.addEventListener("pointerup", end);
    head.addEventListener("pointercancel", end);
  };
  return (
    <dialog
      class={`sheet ${kind}`}
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => void (pressedBeside.current = event.target === event.currentTarget)}
      // A press that began within it, and ended beside it, is no click beside it.
      onClick={(event) => event.target === event.currentTarget && pressedBeside.current && close()}
    >
      <div class="sheet-head" onPointerDown={drag}>
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain" aria-label={`Close ${title}`} onClick={close}>×</button>
      </div>
      <div class="sheet-body">{children}</div>
    </dialog>
  );
}
