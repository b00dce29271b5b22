import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { collect } from "../api/client.ts";
import { events, may } from "../api/live.ts";
import { Button, Card, Loading, NoRight, Page, Problem } from "../ui/basics.tsx";
import { Choice } from "../ui/form.tsx";
import { useData } from "../ui/use-data.ts";
import { EventList } from "./event-list.tsx";

const KINDS = [
  ["", "Everything"],
  ["file", "Files"],
  ["peer", "Peers"],
  ["folder", "Folders"],
  ["conflict", "Conflicts"],
  ["transfer", "Transfers"],
  ["user", "Users"],
  ["auth", "Refusals"],
] as const;
const STEP = 100;

export function ActivityPage(): JSX.Element {
  const kind = useSignal<(typeof KINDS)[number][0]>("");
  const limit = useSignal(STEP);
  if (!may("events")) return <NoRight />;
  return (
    <Page title="Activity">
      <Card>
        <div class="row-fields">
          <Choice
            label="Show"
            value={kind.value}
            options={KINDS}
            onChange={(value) => {
              kind.value = value;
              limit.value = STEP;
            }}
          />
        </div>
        <Events kind={kind.value} limit={limit.value} onMore={() => (limit.value += STEP)} />
      </Card>
    </Page>
  );
}

function Events(props: { readonly kind: string; readonly limit: number; readonly onMore: () => void }): JSX.Element {
  const { kind, limit } = props;
  const { value, error, reload } = useData(async (signal) => {
    const input = { limit, ...(kind === "" ? {} : { type: kind }) };
    const items = await collect("events", input, signal);
    return items.filter((item) => "id" in item);
  }, `${kind}/${limit}`);
  if (error !== undefined && value === undefined) return <Problem error={error} retry={reload} />;
  if (value === undefined) return <Loading what="Reading what happened…" />;
  const known = new Set(value.map(({ id }) => id));
  const isShown = (type: string): boolean => kind === "" || type.startsWith(`${kind}.`);
  const news = events.value.filter(({ id, type }) => !known.has(id) && isShown(type) && id > (value.at(-1)?.id ?? 0));
  return (
    <>
      <EventList events={[...news, ...value.toReversed()]} />
      {value.length < limit ? null : <Button onPress={props.onMore}>Show more</Button>}
    </>
  );
}
