import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { collect } from "../api/client.ts";
import { events } from "../api/live.ts";
import { Answer } from "../ui/answer.tsx";
import { Button, Card, Page } from "../ui/basics.tsx";
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
  const found = useData(async (signal) => {
    const input = { limit, ...(kind === "" ? {} : { type: kind }) };
    const items = await collect("events", input, signal);
    return items.filter((item) => "id" in item);
  }, `${kind}/${limit}`);
  const isShown = (type: string): boolean => kind === "" || type.startsWith(`${kind}.`);
  return (
    <Answer of={found} loading="Reading what happened…">
      {(value) => {
        const last = value.at(-1)?.id ?? 0;
        const news = events.value.filter(({ id, type }) => id > last && isShown(type));
        return (
          <>
            <EventList events={[...news, ...value.toReversed()]} />
            {value.length < limit ? null : <Button onPress={props.onMore}>Show more</Button>}
          </>
        );
      }}
    </Answer>
  );
}
