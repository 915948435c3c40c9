/**
 * The places of the page. One more is one more row here; nothing else has to know of it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { PeoplePlace } from "../access/people_place.tsx";
import { RunsPlace } from "../runs/runs_place.tsx";
import { SignInPlace } from "../access/sign_in.tsx";
import { BenchPlace } from "../bench/bench_place.tsx";
import { FleetPlace } from "../fleet/fleet_place.tsx";
import { GuardsPlace } from "../guards/guards_place.tsx";
import { EditPlace } from "../edit/edit_place.tsx";
import { ImagesPlace } from "../images/images_place.tsx";
import { JournalPlace } from "../journal/journal_place.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { overviewOf } from "../overview/overview.ts";
import { OverviewPlace } from "../overview/overview_place.tsx";
import { PlotsPlace } from "../plots/plots_place.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { ThenPlace } from "../then/then_place.tsx";
import { addressOf, place } from "./place.ts";

/** What a place is given. */
export interface PlaceProps {
  readonly bench: LiveBench;
  readonly plotted: Plotted;
}

/** A place. */
export interface PlaceRow {
  /** As the address says it. */
  readonly name: string;
  readonly title: string;
  /** The path of its icon, 24 by 24, drawn as a line. */
  readonly icon: string;
  readonly Component: (props: PlaceProps) => VNode | null;
  /** Whether there is something to see there now; a hook. */
  readonly useOffered: (bench: LiveBench) => boolean;
}

const always = () => true;
const never = () => false;

/** All places in their order; the first is where the page begins. */
export const places: readonly [PlaceRow, ...PlaceRow[]] = [
  {
    name: "bench",
    title: "Bench",
    icon: "M4 5h7v6H4zM13 5h7v9h-7zM4 13h7v6H4zM13 16h7v3h-7z",
    Component: BenchPlace,
    useOffered: always,
  },
  {
    name: "overview",
    title: "Overview",
    icon: "M3 12h4M17 12h4M12 7V3M12 21v-4M7 7h10v10H7z",
    Component: ({ bench }) => <OverviewPlace bench={bench} addressOf={({ name }) => addressOf("bench", [name])} />,
    useOffered: (bench) => useLive(overviewOf(bench).shown)?.drawing != null,
  },
  {
    name: "plots",
    title: "Plots",
    icon: "M4 4v16h16M7 15l4-5 3 3 5-7",
    Component: PlotsPlace,
    useOffered: always,
  },
  {
    name: "images",
    title: "Images",
    icon: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
    Component: ({ bench }) => (
      <ImagesPlace
        bench={bench}
        name={useLive(place).rest[0]}
        addressOf={(name) => addressOf("images", [name])}
      />
    ),
    useOffered: (bench) => useLive(bench.instruments).some(({ hasImages }) => hasImages),
  },
  {
    name: "runs",
    title: "Runs",
    icon: "M4 6h2M4 12h2M4 18h2M9 6h11M9 12h6M9 18h4M17 14l4 3l-4 3z",
    Component: RunsPlace,
    useOffered: (bench) => useLive(bench.runs.queue) !== undefined,
  },
  {
    name: "guards",
    title: "Guards",
    icon: "M12 3l8 3v6c0 5-4 8-8 9c-4-1-8-4-8-9V6zM9 12l2 2l4-4",
    Component: GuardsPlace,
    useOffered: (bench) => useLive(bench.guards.bench) !== undefined,
  },
  {
    name: "journal",
    title: "Journal",
    icon: "M6 3h12v18H6zM9 8h6M9 12h6M9 16h4",
    Component: JournalPlace,
    useOffered: always,
  },
  {
    name: "fleet",
    title: "Fleet",
    icon: "M3 4h8v6H3zM13 4h8v6h-8zM8 14h8v6H8zM7 10v2h10v-2M12 12v2",
    Component: FleetPlace,
    useOffered: (bench) => useLive(bench.instruments).some(({ name }) => name === "fleet"),
  },
  {
    name: "then",
    title: "Then",
    icon: "M12 4a8 8 0 1 1-7.5 5.2M4 4v5h5M12 8v4l3 2",
    Component: ThenPlace,
    // It is reached from the plots, the journal and the search.
    useOffered: () => false,
  },
  {
    name: "edit",
    title: "Edit",
    icon: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
    Component: ({ bench }) => <EditPlace bench={bench} rest={useLive(place).rest} addressOf={editAddress} />,
    // It is reached from the menus: seldom, and by admins.
    useOffered: never,
  },
  {
    name: "people",
    title: "People",
    icon: "M9 5a3 3 0 1 1 0 6a3 3 0 0 1 0-6M3 19c1-4 3-5 6-5s5 1 6 5M16 6a3 3 0 0 1 0 5M18 14c2 1 3 2 3 5",
    Component: PeoplePlace,
    useOffered: never,
  },
  {
    name: "sign-in",
    title: "Sign in",
    icon: "M10 5h9v14h-9M4 12h10M11 9l3 3l-3 3",
    Component: SignInPlace,
    useOffered: never,
  },
];

/** The address of the place where the bench is changed, or of the form for one of its instruments. */
export function editAddress(name?: string): string {
  return addressOf("edit", name === undefined ? [] : [name]);
}

/** The place where the page is: the first where the address names none that there is. */
export function usePlace(): PlaceRow {
  const { name } = useLive(place);
  return places.find((each) => each.name === name) ?? places[0];
}

/** The links to all places. */
export function PlaceLinks({ bench }: { bench: LiveBench }): VNode {
  const here = usePlace();
  return (
    <nav class="places" aria-label="Places">
      {places.map((row) => <PlaceLink key={row.name} bench={bench} row={row} here={row === here} />)}
    </nav>
  );
}

function PlaceLink({ bench, row, here }: {
  readonly bench: LiveBench;
  readonly row: PlaceRow;
  readonly here: boolean;
}): VNode | null {
  const offered = row.useOffered(bench);
  if (!offered && !here) return null;
  return (
    <a href={addressOf(row.name)} data-place={row.name} aria-current={here ? "page" : undefined}>
      <Icon path={row.icon} />
      <span>{row.title}</span>
    </a>
  );
}

/** A drawing of lines, which says nothing by itself. */
export function Icon({ path }: { path: string }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
