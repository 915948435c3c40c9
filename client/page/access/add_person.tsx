/**
 * The form that adds a person or a program.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import type { AccessDescription } from "../../../protocol/access_description.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";

/** What somebody is given. */
export interface Grant {
  readonly name: string;
  readonly role: string;
  readonly instruments?: readonly string[];
  readonly days?: number;
  readonly purpose?: string;
}

/** The role that is proposed. */
const usualRole = "operator";

/** A line of text, with what it is. */
function TextEntry({ label, name, longest, value, set }: {
  readonly label: string;
  readonly name: string;
  readonly longest: number;
  readonly value: string;
  readonly set: (value: string) => void;
}): VNode {
  return (
    <label>
      <span>{label}</span>
      <input
        type="text"
        name={name}
        maxLength={longest}
        autocomplete="off"
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </label>
  );
}

/** The form. */
export function AddPerson({ roles, bench, busy, add, forget }: {
  readonly roles: AccessDescription["roles"];
  readonly bench: LiveBench;
  readonly busy: boolean;
  /** Adds them. @returns Whether it was done. */
  readonly add: (grant: Grant) => Promise<boolean>;
  /** Forgets what was wrong before. */
  readonly forget: () => void;
}): VNode {
  const instruments = useLive(bench.instruments);
  const [name, setName] = useState("");
  const [role, setRole] = useState(usualRole);
  const [only, setOnly] = useState<readonly string[]>();
  const [days, setDays] = useState("90");
  const [purpose, setPurpose] = useState("");
  const drives = roles.find((one) => one.role === role)?.rights.includes("drive") === true;
  const chosen = drives ? only : undefined;
  const ready = name.trim() !== "" && (days.trim() === "" || Number(days) > 0) && chosen?.length !== 0;
  const submit = async () => {
    const done = await add({
      name: name.trim(),
      role,
      ...chosen === undefined ? {} : { instruments: chosen },
      ...days.trim() === "" ? {} : { days: Number(days) },
      ...purpose.trim() === "" ? {} : { purpose: purpose.trim() },
    });
    if (!done) return;
    setName("");
    setPurpose("");
    setOnly(undefined);
  };
  return (
    <form
      class="add-person"
      aria-label="Add a person or a program"
      onInput={forget}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !busy) void submit();
      }}
    >
      <TextEntry label="Name" name="name" longest={64} value={name} set={setName} />
      <label>
        <span>Role</span>
        <select name="role" value={role} onChange={(event) => setRole(event.currentTarget.value)}>
          {roles.map((one) => <option key={one.role} value={one.role}>{one.role}</option>)}
        </select>
      </label>
      <label>
        <span>Days</span>
        <input
          type="number"
          name="days"
          min="1"
          placeholder="until revoked"
          value={days}
          onInput={(event) => setDays(event.currentTarget.value)}
        />
      </label>
      <TextEntry label="What it is for" name="purpose" longest={200} value={purpose} set={setPurpose} />
      {drives
        ? (
          <fieldset>
            <legend>Drives</legend>
            <label>
              <input
                type="checkbox"
                name="all"
                checked={only === undefined}
                onChange={(event) => setOnly(event.currentTarget.checked ? undefined : [])}
              />{" "}
              all instruments
            </label>
            {only === undefined ? null : instruments.filter(({ aside }) => !aside).map((each) => (
              <label key={each.name}>
                <input
                  type="checkbox"
                  name="drives"
                  value={each.name}
                  checked={only.includes(each.name)}
                  onChange={(event) =>
                    setOnly(
                      event.currentTarget.checked ? [...only, each.name] : only.filter((one) => one !== each.name),
                    )}
                />{" "}
                {each.title}
              </label>
            ))}
          </fieldset>
        )
        : null}
      <button type="submit" class="strong" disabled={!ready || busy}>Add</button>
    </form>
  );
}
