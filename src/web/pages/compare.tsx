/** Two sides of a conflict beside each other, once one wants to see them. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Conflict } from "../../shared/api-conflicts.ts";
import { type Preview, previewOf } from "../api/download.ts";
import { Button } from "../ui/basics.tsx";
import { TwoSides } from "../ui/two-sides.tsx";

type Copy = Conflict["copies"][number];

export function Compare(props: { readonly folder: string; readonly current: Copy; readonly other: Copy }): JSX.Element {
  const { folder, current, other } = props;
  const isOpen = useSignal(false);
  const preview =
    ({ path }: Copy) =>
    (signal: AbortSignal): Promise<Preview> =>
      previewOf({ peer: undefined, folder, path }, signal);
  return (
    <>
      <div class="actions">
        <Button icon="search" expanded={isOpen.value} onPress={() => (isOpen.value = !isOpen.value)}>
          {isOpen.value ? "Hide what differs" : "Show what differs"}
        </Button>
      </div>
      {isOpen.value ? (
        <TwoSides
          left={{ title: `that of ${current.device} (at its place)`, preview: preview(current) }}
          right={{ title: `that of ${other.device}`, preview: preview(other) }}
          key={[folder, current.path, current.mtime, other.path, other.mtime].join("\0")}
        />
      ) : null}
    </>
  );
}
